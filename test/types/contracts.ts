// Compiled by `npm run typecheck` and by test/repo/types.spec.ts: every line that says so must not compile.
import type {
  EventBusPublisher,
  EventBusSubscriber,
  EventContext,
  EventContract,
  EventInput,
  EventParams,
  EventPayload,
  PublishOptions,
} from 'nestjs-redis-event-bus';
import type { Observable } from 'rxjs';
import { defineEvent } from 'nestjs-redis-event-bus';
import * as v from 'valibot';
import { z } from 'zod';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <_T extends true>(): void => undefined;

export const OrderCreated = defineEvent('orders:<orderId>:created', z.object({ total: z.number() }));
export const Placed = defineEvent('placed', z.object({ at: z.string().transform((text) => new Date(text)) }));
export const FileSaved = defineEvent('files:<bucket>:<path...>', v.object({ bytes: v.number() }));
export const Ping = defineEvent('ping');

// What a handler gets is the schema's output, what a publisher gives its input.
is<Equal<EventPayload<typeof OrderCreated>, { total: number }>>();
is<Equal<EventPayload<typeof Placed>, { at: Date }>>();
is<Equal<EventInput<typeof Placed>, { at: string }>>();
is<Equal<EventPayload<typeof FileSaved>, { bytes: number }>>();
is<Equal<EventPayload<typeof Ping>, unknown>>();

// The parameters are read from the template, of a contract or as it stands.
is<Equal<EventParams<typeof OrderCreated>, { readonly orderId: string }>>();
is<Equal<EventParams<typeof FileSaved>, { readonly bucket: string; readonly path: string }>>();
is<Equal<keyof EventParams<typeof Ping>, never>>();
is<Equal<EventParams<'a:<b>:<c-d...>'>, { readonly b: string; readonly 'c-d': string }>>();

export async function publishes(publisher: EventBusPublisher): Promise<void> {
  await publisher.publish(OrderCreated, { total: 9 }, { params: { orderId: '42' } });
  await publisher.publish(OrderCreated, { total: 9 }, { params: { orderId: '42' }, timeoutMs: 10 });
  await publisher.publish(Placed, { at: '2026-01-01' });
  await publisher.publish(Ping, { any: 'thing' }, { timeoutMs: 10 });
  await publisher.publish('any:channel', { any: 'thing' }, { kind: 'shard' });

  // @ts-expect-error the total is a number
  await publisher.publish(OrderCreated, { total: '9' }, { params: { orderId: '42' } });
  // @ts-expect-error the total is missing
  await publisher.publish(OrderCreated, {}, { params: { orderId: '42' } });
  // @ts-expect-error the parameters are missing
  await publisher.publish(OrderCreated, { total: 9 });
  // @ts-expect-error a parameter is missing
  await publisher.publish(OrderCreated, { total: 9 }, { params: {} });
  // @ts-expect-error the parameter has another name
  await publisher.publish(OrderCreated, { total: 9 }, { params: { id: '42' } });
  // @ts-expect-error a value is a string
  await publisher.publish(OrderCreated, { total: 9 }, { params: { orderId: 42 } });
  // @ts-expect-error the contract already defines its kind
  await publisher.publish(Ping, 1, { kind: 'shard' });
  // @ts-expect-error there are no parameters
  await publisher.publish(Ping, 1, { params: { id: '1' } });
  // @ts-expect-error a publisher gives the input of the schema, not its output
  await publisher.publish(Placed, { at: new Date() });
}

// What wraps a publisher goes on to compile.
export function passesOn(
  publisher: EventBusPublisher,
  ...args: Parameters<EventBusPublisher['publish']>
): void {
  is<Equal<typeof args, [channel: string, payload: unknown, options?: PublishOptions]>>();
  void publisher.publish(...args);
}
export class OwnMap<Events> {
  constructor(private readonly publisher: EventBusPublisher) {}

  publish<Name extends keyof Events & string>(name: Name, payload: Events[Name]): Promise<number> {
    return this.publisher.publish(name, payload);
  }

  publishPlaced<At>(contract: EventContract<'placed', At>, at: At): Promise<number> {
    return this.publisher.publish(contract, at);
  }
}

export async function subscribes(subscriber: EventBusSubscriber): Promise<void> {
  await subscriber.subscribe(OrderCreated, (order, event) => {
    is<Equal<typeof order, { total: number }>>();
    is<Equal<typeof event, EventContext<{ total: number }>>>();
  });
  // @ts-expect-error the payload of the contract is an object with a total
  await subscriber.subscribe(OrderCreated, (order: string) => order);
  for await (const event of subscriber.stream(Placed)) is<Equal<typeof event.payload, { at: Date }>>();
}

// An Observable has one value for each event: the whole EventContext, whose payload is typed.
export function observes(subscriber: EventBusSubscriber): void {
  const placed = subscriber.observe(Placed);
  is<Equal<typeof placed, Observable<EventContext<{ at: Date }>>>>();
  const orders = subscriber.observe<{ id: string }>('orders:*');
  is<Equal<typeof orders, Observable<EventContext<{ id: string }>>>>();
  placed.subscribe(({ payload, channel }) => `${payload.at.toISOString()} ${channel}`);
  // @ts-expect-error it is not the payload that is emitted
  placed.subscribe((order: { at: Date }) => order.at);
}

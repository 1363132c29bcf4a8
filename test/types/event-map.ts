// Compiled by test/repo/types.spec.ts, in a program of its own: the map holds for all files of one. Every line that says so must not
// compile.
import { Injectable } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import type { ChannelPayload, EventBusPublisher, EventContext } from 'nestjs-redis-event-bus';
import { ChannelParam, OnEvent } from 'nestjs-redis-event-bus';

interface Order {
  readonly total: number;
}

declare module 'nestjs-redis-event-bus' {
  interface EventMap {
    'orders:created': Order;
    'orders:<orderId>:paid': { by: string };
    'files:<path...>': { bytes: number };
    'free:form': unknown;
  }
}

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <_T extends true>(): void => undefined;

is<Equal<ChannelPayload<'orders:created'>, Order>>();
is<Equal<ChannelPayload<'orders:42:paid'>, { by: string }>>();
is<Equal<ChannelPayload<'files:a:b'>, { bytes: number }>>();
is<Equal<ChannelPayload<'free:form'>, unknown>>();
is<Equal<ChannelPayload<'elsewhere'>, unknown>>();
is<Equal<ChannelPayload<string>, unknown>>();

export async function publishes(publisher: EventBusPublisher, id: string, channel: string): Promise<void> {
  await publisher.publish('orders:created', { total: 9 });
  await publisher.publish('orders:created', { total: 9 }, { timeoutMs: 10 });
  await publisher.publish('orders:42:paid', { by: 'me' });
  await publisher.publish(`orders:${id}:paid`, { by: 'me' });
  await publisher.publish('files:a:b', { bytes: 1 });
  await publisher.publish('free:form', 1);
  await publisher.publish('elsewhere', 1);
  await publisher.publish(channel, 1);

  // @ts-expect-error the total is a number
  await publisher.publish('orders:created', { total: '9' });
  // @ts-expect-error it is an object
  await publisher.publish('orders:created', 9);
  // @ts-expect-error the channel is one of a template
  await publisher.publish('orders:42:paid', { total: 9 });
  // @ts-expect-error also where its name is known at run time
  await publisher.publish(`orders:${id}:paid`, { total: 9 });
  // @ts-expect-error a tail takes the rest
  await publisher.publish('files:a:b', { bytes: '1' });
}

@Injectable()
export class Handlers {
  @OnEvent('orders:created')
  create(_order: Order, _event: EventContext<Order>): void {}

  @OnEvent('orders:<orderId>:paid')
  pay(@ChannelParam('orderId') _id: string, @Payload() _payment: { by: string }): void {}

  @OnEvent(['orders:created', 'orders:<orderId>:paid'])
  any(_either: Order | { by: string }): void {}

  @OnEvent('orders:*')
  all(_order: { id: string }): void {}

  @OnEvent('free:form')
  free(_payload: { id: string }): void {}

  @OnEvent('elsewhere')
  elsewhere(_payload: { id: string }): void {}

  // @ts-expect-error the map says what it is
  @OnEvent('orders:created')
  createWrong(_order: { sum: number }): void {}

  // @ts-expect-error the map says what it is under a template
  @OnEvent('orders:<orderId>:paid')
  payWrong(_payment: Order): void {}

  // @ts-expect-error it may be the other
  @OnEvent(['orders:created', 'orders:<orderId>:paid'])
  anyWrong(_order: Order): void {}
}

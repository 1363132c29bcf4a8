// Compiled by `npm run typecheck` and by test/repo/types.spec.ts: every line that says so must not compile.
import { applyDecorators, Injectable, UseGuards } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { EventContext, EventContract, EventPayload, TargetInput } from 'nestjs-redis-event-bus';
import { ChannelParam, OnEvent, defineEvent } from 'nestjs-redis-event-bus';
import { z } from 'zod';

interface Order {
  readonly total: number;
}
interface Invoice {
  readonly sum: number;
}
class User {
  readonly name!: string;
}

const OrderCreated = defineEvent('orders:<orderId>:created', z.object({ total: z.number() }));
const OrderPaid = defineEvent('orders:<orderId>:paid', z.object({ total: z.number(), by: z.string() }));
const Placed = defineEvent('placed', z.object({ at: z.string().transform((text) => new Date(text)) }));
const Counted = defineEvent('counted', z.number());
const Anything = defineEvent('anything', z.any());
const Ping = defineEvent('ping');

/** Whatever Nest calls in the right way: parameter decorators are not in the type of a method. */
@Injectable()
export class Handlers {
  @OnEvent(OrderCreated)
  takesNothing(): void {}

  @OnEvent(OrderCreated)
  takesThePayload(order: EventPayload<typeof OrderCreated>): string {
    // @ts-expect-error the total is a number
    const wrong: string = order.total;
    return wrong;
  }

  @OnEvent(OrderCreated, { concurrency: 1 })
  async takesTheEventToo(order: Order, event: EventContext<Order>): Promise<string> {
    return `${event.channel} ${order.total}`;
  }

  @OnEvent(OrderCreated)
  takesItOptionally(_order?: Order): void {}

  @OnEvent(OrderCreated)
  takesUnknown(_order: unknown, _event: EventContext): void {}

  @OnEvent(OrderCreated)
  takesABaseType(_order: object): void {}

  @OnEvent(OrderCreated)
  takesAll(..._all: unknown[]): void {}

  @OnEvent(OrderCreated)
  takesAnyType<T>(order: T): T {
    return order;
  }

  @OnEvent(OrderPaid)
  takesLessOfIt(_order: Order): void {}

  @OnEvent(Placed)
  takesTheOutput(_placed: { at: Date }): void {}

  @OnEvent(OrderCreated)
  takesItByDecorator(@Payload() _order: Order, @ChannelParam('orderId') _id: string): void {}

  @OnEvent(OrderCreated)
  takesAParamFirst(@ChannelParam('orderId') _id: string, @Payload() _order: Order): void {}

  @OnEvent(OrderCreated)
  takesAParamOnly(@ChannelParam('orderId') _id: string): void {}

  @OnEvent(OrderCreated)
  takesANarrowParam(@ChannelParam('orderId') _id: '42' | '43', @Ctx() _event: EventContext): void {}

  @OnEvent(OrderCreated)
  takesTheEventFirst(@Ctx() _event: EventContext, @Payload() _order: Order): void {}

  @OnEvent(Placed)
  takesTheEventOnly(@Ctx() _event: EventContext): void {}

  @OnEvent(Placed)
  takesWhatAnotherDecoratorGives(@ChannelParam('x') _user: User, @Payload() _placed: { at: Date }): void {}

  @OnEvent([OrderCreated, Placed])
  takesEither(_either: Order | { at: Date }): void {}

  @OnEvent([OrderCreated, OrderPaid])
  takesWhatBothHave(_order: Order): void {}

  @OnEvent(OrderCreated)
  @OnEvent(Placed)
  takesThoseOfBothDecorators(_either: Order | { at: Date }): void {}

  @OnEvent([OrderCreated, 'other:*'])
  takesMixedTargets(_order: Order | Invoice): void {}

  @OnEvent('orders:*')
  takesWhatItExpectsOnChannels(_invoice: Invoice): void {}

  @OnEvent(Ping)
  takesWhatItExpectsWithoutSchema(_invoice: Invoice): void {}

  @OnEvent(Anything)
  takesWhatItExpectsOfAny(_invoice: Invoice): void {}

  @applyDecorators(UseGuards(), OnEvent(OrderCreated), OnEvent('other'))
  takesComposedDecorators(_order: Order): void {}

  @OnEvent<EventContract>(OrderCreated)
  takesWhatAPipeMakes(_user: User): void {}

  @OnEvent(OrderCreated)
  private isPrivate(_order: Order): void {}

  @OnEvent(OrderCreated)
  protected isProtected(_order: Order): void {
    this.isPrivate(_order);
  }
}

export const composed: MethodDecorator = OnEvent(OrderCreated);
export const dynamic = (targets: readonly TargetInput[]): MethodDecorator => OnEvent(targets);
export const either = (target: TargetInput | readonly TargetInput[]): MethodDecorator => OnEvent(target);
export const wide = (contract: EventContract): MethodDecorator => OnEvent(contract);

@Injectable()
export class WrongHandlers {
  // @ts-expect-error it is no invoice
  @OnEvent(OrderCreated)
  takesSomethingElse(_invoice: Invoice): void {}

  // @ts-expect-error it is no invoice, and the event does not help
  @OnEvent(OrderCreated)
  takesSomethingElseAndTheEvent(_invoice: Invoice, _event: EventContext): void {}

  // @ts-expect-error nor does anything
  @OnEvent(OrderCreated)
  takesSomethingElseAndAnything(_invoice: Invoice, _event: unknown): void {}

  // @ts-expect-error the same of a promise
  @OnEvent(OrderCreated)
  async takesSomethingElseLater(_invoice: Invoice): Promise<void> {}

  // @ts-expect-error there is no name in it
  @OnEvent(OrderCreated)
  takesMore(_order: Order & User): void {}

  // @ts-expect-error a handler gets the output of the schema
  @OnEvent(Placed)
  takesTheInput(_placed: { at: string }): void {}

  // @ts-expect-error it is an object
  @OnEvent(OrderCreated)
  takesANumber(_total: number): void {}

  // @ts-expect-error it is an object, and without parameters no string can come from elsewhere
  @OnEvent(Placed)
  takesAString(_at: string): void {}

  // @ts-expect-error it is a number
  @OnEvent(Counted)
  takesAnObject(_count: Order): void {}

  // @ts-expect-error it may be placed, too
  @OnEvent([OrderCreated, Placed])
  takesOneOfTwo(_order: Order): void {}

  // @ts-expect-error the contract among the targets says what it is
  @OnEvent([OrderCreated, 'other:*'])
  takesAnotherTarget(_invoice: Invoice): void {}

  @OnEvent(OrderCreated)
  // @ts-expect-error the other decorator
  @OnEvent(Placed)
  takesOneOfTwoDecorators(_order: Order): void {}

  // @ts-expect-error also where it is private
  @OnEvent(OrderCreated)
  private isPrivate(_invoice: Invoice): void {}

  // @ts-expect-error a target is a string or a contract
  @OnEvent(42)
  hasNoTarget(): void {}

  // @ts-expect-error it decorates methods
  @OnEvent(OrderCreated)
  readonly property = 1;
}

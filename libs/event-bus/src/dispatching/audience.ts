import { contractOf } from '../contracts/contract.target.js';
import type { EventContract } from '../contracts/event.contract.js';
import type { EventParamValues } from '../message/event-context.js';
import type { Route } from '../plan/subscription-plan.js';
import { paramsIn } from '../routing/handler-target.js';
import type { EventDispatcher } from './event.dispatcher.js';
import type { EventHandler } from './event.handler.js';
import type { HandlerQueue } from './handler.queue.js';

/** A handler of a channel's events, and what these events say about the target that they match. */
export interface Recipient {
  readonly handler: EventHandler;
  readonly queue: HandlerQueue;
  readonly pattern: string | undefined;
  readonly params: EventParamValues | undefined;
  readonly contract: EventContract | undefined;
}

/** The recipients of one subscription's events on one channel. Immutable: a message may be on its way to them. */
export interface Audience {
  /** Without the application's prefix. */
  readonly channel: string;
  readonly recipients: readonly Recipient[];
  /** Whether the broker itself publishes on it. */
  readonly isOfBroker: boolean;
}

/** @param channel without the application's prefix */
export function recipientsOn(
  channel: string,
  routes: readonly Route<EventHandler>[],
  dispatcher: EventDispatcher,
): readonly Recipient[] {
  const recipients: Recipient[] = [];
  for (const { consumer: handler, target } of routes) {
    const queue = dispatcher.queueOf(handler);
    if (queue === undefined) continue;
    const pattern = target.subscription.kind === 'pattern' ? target.text : undefined;
    // Shared by all events on the channel.
    const params = Object.freeze(paramsIn(target, channel));
    recipients.push({ handler, queue, pattern, params, contract: contractOf(target) });
  }
  return recipients;
}

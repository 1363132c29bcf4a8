import type { EventBusError } from '../errors.js';
import type { EventContext } from '../message/event-context.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import type { EventHandler } from './event.handler.js';
import type { RunningCall } from './running.calls.js';

/** Of one call of a handler that is over. */
export interface CallTimes {
  /** 1 for the first call for the event, 0 where there was none. */
  readonly attempt: number;
  /** How long the event waited in the handler's queue, in milliseconds. */
  readonly waitedMs: number;
  /** How long the call took, in milliseconds. */
  readonly tookMs: number;
}

/** Of every call while nobody wants to know: no event costs an object or a look at a clock. */
export const UNTIMED: CallTimes = { attempt: 1, waitedMs: 0, tookMs: 0 };
/** Of an event that never came to a call. */
export const NEVER_CALLED: CallTimes = { ...UNTIMED, attempt: 0 };

/** Is told what becomes of every message. No call may throw. */
export interface DispatchReporter {
  /** Whether calls are to be measured, and messages reported; may change at any time. */
  readonly interest: { readonly timesCalls: boolean; readonly takes: { readonly received: boolean } };
  /** A message came in; only where {@link interest} takes it. @param events how many are in it */
  received(through: SubscriptionTarget, rawChannel: string, bytes: number, events: number): void;
  /** A handler finished without a failure. */
  handled(handler: EventHandler, event: EventContext, times: CallTimes): void;
  /** A handler, or a guard, pipe, interceptor or filter of it, failed for the last time. Nobody else hears of it. */
  failed(handler: EventHandler, event: EventContext, error: unknown, times: CallTimes): void;
  /** It failed, and is called again. */
  repeated(handler: EventHandler, event: EventContext, error: unknown, times: CallTimes): void;
  /**
   * A message was not handed on: it is too large, not what the codec reads, does not fit the contract, or cannot be claimed.
   *
   * @param events how many were in it. @default 1
   */
  rejected(channel: string, error: EventBusError, events?: number): void;
  /** Another instance of the handler's group has the event. */
  leftToGroup(handler: EventHandler, event: EventContext): void;
  /** More events wait than half of what the handler's buffer holds. Once per episode, before anything is dropped. */
  slowed(handler: EventHandler, waitingEvents: number, waitingBytes: number): void;
  /** No room in the handler's buffer. */
  dropped(handler: EventHandler, event: EventContext): void;
  /** Nothing waits any more after a {@link slowed}. */
  caughtUp(handler: EventHandler, episode: SlowEpisode): void;
  /** A call has run for longer than `stuckAfterMs`, and so many events wait for the handler. Once per episode. */
  stuck(handler: EventHandler, call: RunningCall, waitingEvents: number): void;
  /** The call of a {@link stuck} has ended after all, and no other one is stuck. */
  unstuck(handler: EventHandler, event: EventContext): void;
}

/** A time in which a handler was too slow. */
export interface SlowEpisode {
  readonly droppedEvents: number;
  /** When it began, in milliseconds since the epoch. */
  readonly fromMs: number;
}

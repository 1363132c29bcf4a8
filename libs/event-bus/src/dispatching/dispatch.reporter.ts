import type { EventBusError } from '../errors.js';
import type { EventContext } from '../message/event-context.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import type { EventHandler } from './event.handler.js';
import type { RunningCall } from './running.calls.js';

/** The times of one call that has ended. */
export interface CallTimes {
  /** 1 for the first call for the event, 0 if there was none. */
  readonly attempt: number;
  /** How long the event waited in the handler's queue, in milliseconds. */
  readonly waitedMs: number;
  /** How long the call took, in milliseconds. */
  readonly tookMs: number;
}

/** For every call while nobody measures: no event then costs an object or a clock read. */
export const UNTIMED: CallTimes = { attempt: 1, waitedMs: 0, tookMs: 0 };
/** For an event whose handler was not called. */
export const NEVER_CALLED: CallTimes = { ...UNTIMED, attempt: 0 };

/** Receives what happens to each message. Its methods must not throw. */
export interface DispatchReporter {
  /** Whether to measure calls and report messages. May change at any time. */
  readonly interest: { readonly timesCalls: boolean; readonly takes: { readonly received: boolean } };
  /** A message was received; called only if {@link interest} takes it. @param events how many it contains */
  received(through: SubscriptionTarget, rawChannel: string, bytes: number, events: number): void;
  /** A handler finished without a failure. */
  handled(handler: EventHandler, event: EventContext, times: CallTimes): void;
  /**
   * A handler, or one of its guards, pipes, interceptors or filters, failed for the last time. The error is reported only here.
   */
  failed(handler: EventHandler, event: EventContext, error: unknown, times: CallTimes): void;
  /** The handler failed and is called again. */
  repeated(handler: EventHandler, event: EventContext, error: unknown, times: CallTimes): void;
  /**
   * A message was not passed to handlers: it is too large, does not decode, does not fit the contract, or cannot be claimed.
   *
   * @param events how many it contained. @default 1
   */
  rejected(channel: string, error: EventBusError, events?: number): void;
  /** Another instance of the handler's group has the event. */
  leftToGroup(handler: EventHandler, event: EventContext): void;
  /** The handler's buffer is half full. Reported once per episode, before anything is dropped. */
  slowed(handler: EventHandler, waitingEvents: number, waitingBytes: number): void;
  /** An event was dropped: the handler's buffer is full. */
  dropped(handler: EventHandler, event: EventContext): void;
  /** No event is pending any more after a {@link slowed}. */
  caughtUp(handler: EventHandler, episode: SlowEpisode): void;
  /** A call has run for longer than `stuckAfterMs`, while this many events wait for the handler. Reported once per episode. */
  stuck(handler: EventHandler, call: RunningCall, waitingEvents: number): void;
  /** The call of a {@link stuck} has ended, and no other call is stuck. */
  unstuck(handler: EventHandler, event: EventContext): void;
}

/** A period in which a handler fell behind. */
export interface SlowEpisode {
  readonly droppedEvents: number;
  /** When it began, in milliseconds since the epoch. */
  readonly fromMs: number;
}

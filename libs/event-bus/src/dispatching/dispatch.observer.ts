import type { EventBusError } from '../errors.js';
import type { EventContext } from '../message/event-context.js';
import type { EventHandler } from './event.handler.js';
import type { RunningCall } from './running.calls.js';

/** Hears what becomes of every message. No call may throw. */
export interface DispatchObserver {
  /** A handler finished without a failure. */
  handled(handler: EventHandler, event: EventContext): void;
  /** A handler, or a guard, pipe, interceptor or filter of it, failed for the last time. Nobody else hears of it. */
  failed(handler: EventHandler, event: EventContext, error: unknown): void;
  /** It failed, and is called again. */
  repeated(handler: EventHandler, event: EventContext, error: unknown): void;
  /**
   * A message was not handed on: it is too large, not what the codec reads, does not fit the contract, or cannot be claimed.
   *
   * @param events how many were in it. @default 1
   */
  rejected(channel: string, error: EventBusError, events?: number): void;
  /** Another instance of the handler's group has the event. */
  leftToGroup(handler: EventHandler): void;
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

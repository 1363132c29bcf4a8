import type { EventContext } from '../message/event-context.js';
import type { HandlerTarget } from '../routing/handler-target.js';
import type { HandlerSettings } from './handler.options.js';

/** One decorated method, or one listener, bound to its targets. */
export interface EventHandler {
  /** Its name in logs and snapshots, e.g. `OrderNotifier.notify`. */
  readonly name: string;
  /** Channels before globs, otherwise in declaration order. At least one. */
  readonly targets: readonly HandlerTarget[];
  /** How its events are ordered, buffered and retried. @default DEFAULT_HANDLER_SETTINGS */
  readonly settings?: HandlerSettings;
  /** Whether it accepts this event that the broker itself publishes on its targets. Absent: it accepts all of them. */
  readonly acceptsOfBroker?: (payload: unknown) => boolean;
  /** Whether it receives the replies to requests, which no other handler gets. @default false */
  readonly takesReplies?: boolean;
  /** What is appended to the channel of a request for its replies. Absent: it answers no requests. */
  readonly replySuffix?: string;
  /**
   * Throws or rejects when handling failed. Returns nothing when it finished synchronously, otherwise a native promise, whose
   * result is passed to {@link restOf}.
   */
  invoke(event: EventContext): void | Promise<unknown>;
  /**
   * What is left to wait for in the result of a call's promise, such as an Observable. Absent: nothing. It is no part of
   * `invoke`, where it would cost each call a promise. May throw.
   */
  readonly restOf?: (result: unknown) => Promise<void> | undefined;
}

/** The handler, or what is called instead of it. */
export type HandlerCallee = Pick<EventHandler, 'invoke' | 'restOf'>;

/** As `invoke`, but nothing is left to wait for when the promise ends. */
export function invokeFully(callee: HandlerCallee, event: EventContext): void | Promise<void> {
  return callee.invoke(event)?.then(callee.restOf ?? nothing);
}

/** What is left to wait for in the result of a call's promise. Never throws. */
export function restIn({ restOf }: HandlerCallee, result: unknown): Promise<void> | undefined {
  try {
    return restOf?.(result);
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

function nothing(): undefined {}

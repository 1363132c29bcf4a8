import type { EventContext } from '../message/event-context.js';
import type { HandlerTarget } from '../routing/handler-target.js';
import type { HandlerSettings } from './handler.options.js';

/** One decorated method, or one listener, bound to its targets. */
export interface EventHandler {
  /** What logs and snapshots call it, e.g. `OrderNotifier.notify`. */
  readonly name: string;
  /** Channels before globs, otherwise as declared. At least one. */
  readonly targets: readonly HandlerTarget[];
  /** How its events are ordered, bounded and tried again. @default DEFAULT_HANDLER_SETTINGS */
  readonly settings?: HandlerSettings;
  /** Whether it wants this one of the events that the broker itself publishes on its targets. Absent: all of them. */
  readonly acceptsOfBroker?: (payload: unknown) => boolean;
  /** Waits for the answers to requests, which no other handler gets. @default false */
  readonly takesReplies?: boolean;
  /** Throws or rejects when the handling failed. Returns nothing when it is done at once. */
  invoke(event: EventContext): void | Promise<void>;
}

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
  /** Throws or rejects when handling failed. Returns nothing when it finished synchronously. */
  invoke(event: EventContext): void | Promise<void>;
}

import type { EventContext } from '../message/event-context.js';
import type { EventTarget } from '../routing/event-target.js';

/** One decorated method, or one listener, bound to its targets. */
export interface EventHandler {
  /** What logs and snapshots call it, e.g. `OrderNotifier.notify`. */
  readonly name: string;
  /** Channels before globs, otherwise as declared. At least one. */
  readonly targets: readonly EventTarget[];
  /** Gets all its events side by side, instead of those of one channel one at a time. @default false */
  readonly isUnordered?: boolean;
  /** Waits for the answers to requests, which no other handler gets. @default false */
  readonly takesReplies?: boolean;
  /** Throws or rejects when the handling failed. Returns nothing when it is done at once. */
  invoke(event: EventContext): void | Promise<void>;
}

import type { EventContext } from '../message/event-context.js';
import type { EventTarget } from '../routing/event-target.js';

/** One decorated method, or one listener, bound to its targets. */
export interface EventHandler {
  /** What logs and snapshots call it, e.g. `OrderNotifier.notify`. */
  readonly name: string;
  /** Channels before globs, otherwise as declared. At least one. */
  readonly targets: readonly EventTarget[];
  /** Throws or rejects when the handling failed. Returns nothing when it is done at once. */
  invoke(event: EventContext): void | Promise<void>;
}

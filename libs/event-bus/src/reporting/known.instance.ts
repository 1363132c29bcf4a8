import type { EventBusInstance } from '../introspection/bus.instance.js';
import type { EventBusState } from '../introspection/event-bus.status.js';
import type { Report } from './report.js';

/**
 * - `silent`: three messages in a row did not come.
 * - `gone`: it said bye, or was silent for a minute.
 * - otherwise the state in its last message.
 */
export type InstanceState = EventBusState | 'silent' | 'gone';

/** One bus of one instance, as known from what it said. */
export interface KnownInstance {
  /** Differs between two senders with one id, unless one copies the host, process and start of the other as well. */
  readonly key: string;
  /** As in its last message. */
  readonly instance: EventBusInstance;
  /** The name of the bus. */
  readonly bus: string;
  /** What it said, or what its silence means. */
  readonly state: InstanceState;
  /** Whether it said bye: then it is gone because it was shut down. */
  readonly saidBye: boolean;
  /** The time since its last message, in milliseconds. Stands still while {@link InstanceDirectory.isJudging} is false. */
  readonly heardAgoMs: number;
  /** Its last report, without its tail and gaps, which are those of one moment. Absent if it has only said hello. */
  readonly report?: Report;
  /** Another sender uses the same id: one of the two lies. */
  readonly sharesId: boolean;
}

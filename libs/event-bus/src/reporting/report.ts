import type { GapReason } from '../gaps/gap.js';
import type { HandlerSnapshot, SubscriptionSnapshot } from '../introspection/event-bus.inspector.js';
import type { EventBusInstance } from '../introspection/bus.instance.js';
import type { EventBusState } from '../introspection/event-bus.status.js';
import type { EventBusCounters } from '../observing/event-bus.counters.js';
import type { TransportLink } from '../transports/transport.facets.js';

/** The version of the format. Readers ignore messages of another one; fields may be added without a new one. */
export const REPORT_VERSION = 1;

/** No message is larger, and readers ignore those that are. */
export const MAX_REPORT_BYTES = 65_536;

/** How often a hello is sent while nobody listens. */
export const HELLO_EVERY_MS = 5_000;

/** How often a report is sent while somebody listens. */
export const REPORT_EVERY_MS = 1_000;

/** What the bus of one instance says: plain JSON on the channel of {@link reportTarget}, whatever the codec of the bus. */
export type ReportMessage = Hello | Report | Bye;

/** Who says it. */
interface Said {
  readonly v: typeof REPORT_VERSION;
  /** A random id for each bus and start. Another sender may copy it. */
  readonly instance: EventBusInstance;
  /** The name of the bus. Absent for `default`. */
  readonly bus?: string;
}

/** The bus is there. Sent every {@link HELLO_EVERY_MS} while nobody listens. */
export interface Hello extends Said {
  /** Tells the messages apart. */
  readonly type: 'hello';
  /** As in a snapshot. */
  readonly state: EventBusState;
}

/** The bus shuts down. The last message of an instance that is not killed. */
export interface Bye extends Said {
  /** Tells the messages apart. */
  readonly type: 'bye';
}

/**
 * What the bus does. Sent every {@link REPORT_EVERY_MS} while somebody listens, and at once after a gap and a change of state.
 * Numbers count from the start of the process, so that a rate is the difference of two reports: a lost one does no harm.
 */
export interface Report extends Said {
  /** Tells the messages apart. */
  readonly type: 'report';
  /** As in a snapshot. */
  readonly state: EventBusState;
  /** Why it is not ready. */
  readonly reason?: string;
  /** When it was made, in milliseconds since the epoch, by the clock of the instance. */
  readonly atMs: number;
  /** The time since the previous report of this instance, in milliseconds. 0 in the first after nobody listened. */
  readonly coversMs: number;
  /** The transport and its address, without credentials. */
  readonly transport: { readonly name: string; readonly address: string };
  /** The name of the codec, e.g. `json`. */
  readonly codec: string;
  /** The application's prefix, `''` when it has none. */
  readonly prefix: string;
  /** Handlers with totals, durations and queue. */
  readonly handlers: readonly HandlerSnapshot[];
  /** Every subscription that the bus requires, with the prefix. */
  readonly subscriptions: readonly SubscriptionSnapshot[];
  /** Counted since the start of the process. */
  readonly counters: ReportCounters;
  /** The connections. Empty if the transport has none. */
  readonly links: readonly TransportLink[];
  /** Those since the previous report. */
  readonly gaps: readonly ReportedGap[];
  /** Where the events of this instance went. */
  readonly published: PublishedTotals;
  /** A sample of the events since the previous report, oldest first. */
  readonly tail: readonly TailEntry[];
  /** How many of each list there are beyond those in it. Absent if the report is complete. */
  readonly leftOut?: LeftOut;
}

/** The counters of a snapshot. */
export type ReportCounters = EventBusCounters & {
  readonly received: number;
  readonly unmatched: number;
  readonly unsequenced: number;
};

/** A gap, with at most 20 of its targets. */
export interface ReportedGap {
  /** What caused it. */
  readonly reason: GapReason;
  /** The affected channels, globs and templates, without the prefix. */
  readonly targets: readonly string[];
  /** The last time at which the subscriptions were known to work, by the clock of the instance. */
  readonly fromMs: number;
  /** When events arrived again, by the clock of the instance. */
  readonly toMs: number;
  /** Absent if the number cannot be known. */
  readonly missed?: number;
}

/** What was published since the start, by template or channel. */
export interface PublishedTotals {
  /** Those with the most events. */
  readonly top: readonly PublishedTo[];
  /** All others together. With `channels: 'targets'` everything that was published without a contract. */
  readonly rest: PublishCount;
}

/** How many events were published. */
export interface PublishCount {
  /** Accepted by the broker. */
  readonly published: number;
  /** Of these, those that reached no subscription. */
  readonly nobody: number;
  /** Not accepted, or not known to be. */
  readonly failed: number;
}

/** What was published to one template or channel. */
export interface PublishedTo extends PublishCount {
  /** Without the application's prefix. */
  readonly name: string;
  /** Whether the name is the template of a contract. */
  readonly isTemplate: boolean;
  /** The command: PUBLISH or SPUBLISH. */
  readonly kind: 'channel' | 'shard';
  /** How many subscriptions the last event reached. Absent if none was accepted. */
  readonly subscriptions?: number;
}

/** One event that was published, or that a handler handled. */
export interface TailEntry {
  /** Whether it was published, or what became of it in a handler. */
  readonly what: 'published' | 'handled' | 'failed';
  /** By the clock of the instance, in milliseconds since the epoch. */
  readonly atMs: number;
  /** Absent with `channels: 'targets'`. */
  readonly channel?: string;
  /** The template that it was published with, or the matching target of the handler, as written. Absent if there is none. */
  readonly target?: string;
  /** The id of the event. Absent if the codec sends none. */
  readonly id?: string;
  /** Absent for `published`. */
  readonly handler?: string;
  /** Which call of the handler for this event it was. Absent for `published`. */
  readonly attempt?: number;
  /** How long the call of the handler, or the publish, took. */
  readonly tookMs: number;
  /** How long the event was pending before the call. Absent for `published`. */
  readonly waitedMs?: number;
  /** How many subscriptions it reached. Only for `published`. */
  readonly subscriptions?: number;
  /** The code or the class of the error, never its message. Only for `failed`. */
  readonly error?: string;
  /** The size of its message. Absent where it is not known. */
  readonly bytes?: number;
  /** The beginning of the payload as JSON. Only with `payloads: 'preview'`. */
  readonly payload?: string;
  /** The payload cannot be shown: `redact` failed, or it is too large or no JSON. */
  readonly isHidden?: true;
}

/** What a report does not show, because of its size or to save work. Absent fields are 0. */
export interface LeftOut {
  /** Events that are not in the tail. */
  readonly tail?: number;
  /** Names of `published.top`, whose numbers are in `published.rest`. */
  readonly published?: number;
  /** Gaps since the previous report. */
  readonly gaps?: number;
  /** Subscriptions, some of which may not be active. */
  readonly subscriptions?: number;
  /** Handlers, the last ones of the application. */
  readonly handlers?: number;
  /** Connections. */
  readonly links?: number;
}

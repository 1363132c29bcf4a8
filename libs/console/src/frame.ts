/** What the page shows, sent once a second. Plain JSON. Texts come from services: they may contain anything. */
export interface ConsoleFrame {
  /** When it was made, in milliseconds since the epoch, by the clock of the console. */
  readonly atMs: number;
  readonly link: ConsoleLink;
  readonly totals: ConsoleTotals;
  readonly instances: readonly ShownInstance[];
  /** By name. If there are too many, the busiest. */
  readonly channels: readonly ShownChannel[];
  readonly handlers: readonly ShownHandler[];
  readonly rates: RateHistory;
  /** The newest first. */
  readonly troubles: readonly Trouble[];
  readonly tail: Tail;
  /** What did not fit into the frame, in words. Empty if everything did. */
  readonly leftOut: readonly string[];
}

/** The console's own link. */
export interface ConsoleLink {
  /** The transport and its address, e.g. `redis 127.0.0.1:6379`. */
  readonly place: string;
  /** Whether it gets reports now. While it does not, it judges no instance. */
  readonly isLive: boolean;
  readonly reason?: string;
  /** Messages on the report channel that are no reports. */
  readonly ignored: number;
}

export interface ConsoleTotals {
  readonly instances: number;
  /** Events published, and calls of handlers, per second. */
  readonly published: number;
  readonly handled: number;
  /** Gaps since the console began to watch, in the last hour. */
  readonly gaps: number;
  readonly watchedSinceMs: number;
}

export type ShownState = 'ready' | 'degraded' | 'connecting' | 'closed' | 'silent' | 'gone';

/** One process, or what says that it is one. */
export interface ShownInstance {
  readonly key: string;
  readonly service: string;
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly version?: string;
  readonly state: ShownState;
  /** Why it is not ready. */
  readonly reason?: string;
  readonly startedAtMs: number;
  readonly lastSeenAtMs: number;
  /** Published and handled per second. */
  readonly published: number;
  readonly handled: number;
  /** The slowest round trip of its connections, in milliseconds. */
  readonly roundTripMs?: number;
  readonly subscriptions: { readonly active: number; readonly wanted: number; readonly denied: number };
  readonly waiting: number;
  readonly missed: number;
  readonly gaps: number;
}

/** A channel, or the template of a contract, that a service published to in the last minute. */
export interface ShownChannel {
  readonly name: string;
  readonly publishers: readonly string[];
  /** Events per second. */
  readonly rate: number;
  /** The subscriptions that Redis counted for the last event. */
  readonly subscriptions: number;
  /** Events in the last minute that no subscription got. */
  readonly toNobody: number;
  readonly failed: number;
  /** Keys of {@link ShownHandler}s with a target that matches. */
  readonly handlers: readonly string[];
}

/** One handler of one service, over all its instances. */
export interface ShownHandler {
  readonly key: string;
  readonly service: string;
  readonly handler: string;
  readonly targets: readonly string[];
  /** The subscriptions that serve it. */
  readonly subscriptions: readonly string[];
  readonly instances: number;
  /** Calls per second. */
  readonly rate: number;
  /** The mean duration of the calls of the last seconds, in milliseconds. Absent if there was none. */
  readonly tookMs?: number;
  readonly slowestMs?: number;
  readonly waiting: number;
  readonly running: number;
  /** Since the start of its instances. */
  readonly handled: number;
  readonly failed: number;
  readonly dropped: number;
}

/** One point a second, the oldest first. */
export interface RateHistory {
  readonly atMs: readonly number[];
  readonly series: readonly RateSeries[];
}

export interface RateSeries {
  readonly label: string;
  readonly isPublished: boolean;
  /** Null where nothing is known. */
  readonly perSecond: readonly (number | null)[];
}

/** Something that went wrong. */
export interface Trouble {
  readonly id: number;
  readonly atMs: number;
  readonly kind:
    'gap' | 'state' | 'silent' | 'gone' | 'failed' | 'dropped' | 'nobody' | 'slow' | 'stuck' | 'rejected';
  /** The service or the channel. */
  readonly at: string;
  readonly text: string;
}

/** The events that were new since the frame before. */
export interface Tail {
  readonly rows: readonly TailRow[];
  /** How many there were that are not shown: the services sent a sample, or they did not fit. */
  readonly notShown: number;
}

/** One event. A later frame may have it again, with more outcomes. */
export interface TailRow {
  readonly key: string;
  readonly atMs: number;
  readonly channel: string;
  /** Who published it. Absent if only a handler has reported it. */
  readonly publisher?: string;
  readonly subscriptions?: number;
  readonly outcomes: readonly TailOutcome[];
  /** Absent if the service does not reveal payloads. */
  readonly payload?: string;
  readonly bytes: number;
}

export interface TailOutcome {
  readonly service: string;
  readonly handler: string;
  readonly tookMs: number;
  /** The error of a failed call. */
  readonly error?: string;
}

/** What a viewer may do, and where things are. Sent once, first. */
export interface ConsoleWelcome {
  readonly title: string;
  readonly mayPublish: boolean;
  readonly maySubscribe: boolean;
}

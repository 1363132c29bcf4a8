/**
 * - `script`: as one EVAL.
 * - `pipeline`: each as a command of its own, written together: the server denies scripts, or has none.
 * - `undecided`: nobody knows yet. The first two messages that are sent together are accompanied by the question.
 */
export type PublishBatching = 'script' | 'pipeline' | 'undecided';

/** What can be asked of a broker, by the names of the PUBSUB subcommands; `pattern` and `channels` carry the prefix. */
export type InspectionQuery =
  | { readonly query: 'channels' | 'shardChannels'; readonly pattern?: string }
  | { readonly query: 'subscriberCounts' | 'shardSubscriberCounts'; readonly channels: readonly string[] }
  | { readonly query: 'patternCount' };

/** `channels` answers the channel queries, `counts` the counting ones, `total` the pattern count. */
export interface InspectionResult {
  /** Names of channels with at least one subscriber. */
  readonly channels?: readonly string[] | undefined;
  /** Subscribers by channel, patterns not counted. */
  readonly counts?: ReadonlyMap<string, number> | undefined;
  /** How many distinct patterns are subscribed to. */
  readonly total?: number | undefined;
}

/** The `notify-keyspace-events` of one server. */
export interface KeyspaceFlags {
  /** `host:port`. */
  readonly node: string;
  /** As CONFIG GET shows them, e.g. `Ex`. Empty when nothing is published. */
  readonly flags: string;
}

/** Which key events the servers publish: CONFIG GET and CONFIG SET of `notify-keyspace-events`. */
export interface KeyspaceNotifications {
  /** Of every server that publishes them. @throws TransportRefusedError, NotConnectedError, BusClosedError */
  read(): Promise<readonly KeyspaceFlags[]>;
  /** Sets one server's. @throws as {@link read} */
  write(setting: KeyspaceFlags): Promise<void>;
}

/** Lets one of several processes have something: what the handler option `group` needs. */
export interface ClaimFacet {
  /**
   * Resolves with true for the first of all processes that claims this key within `ttlMs` (SET NX PX), and with
   * false for the others.
   * @throws NotConnectedError, BusClosedError, or what the broker answered.
   */
  claim(key: string, ttlMs: number): Promise<boolean>;
}

/** Knows who else is subscribed (PUBSUB …): what `EventBusInspector` asks. */
export interface InspectionFacet {
  /** Asks the broker who is subscribed. @throws NotConnectedError, BusClosedError, or what the broker answered. */
  inspect(query: InspectionQuery): Promise<InspectionResult>;
}

/** Delivers what a Redis says of its keys: what `@OnKeyEvent` needs. */
export interface KeyEventFacet {
  /** Reads and sets which key events the servers publish. */
  readonly keyspace: KeyspaceNotifications;
  /** The number of the database that its connections are on. @default 0 */
  readonly database: number;
}

/** Saves round trips for what is published together. */
export interface BatchingFacet {
  /** How the messages of one call leave. For snapshots alone. */
  readonly batching: PublishBatching;
}

/** Is made of something that users may want to reach. */
export interface DriverFacet {
  /** The driver's clients. Changing their state is at one's own risk. */
  unwrap(): unknown;
}

/** What a transport on Redis has. */
export interface AllFacets extends ClaimFacet, InspectionFacet, KeyEventFacet, BatchingFacet, DriverFacet {}

/**
 * What a transport may offer besides moving bytes. What it does not offer it leaves out: whatever needs it fails with a
 * NotSupportedError that names the transport, as far as possible at the start.
 */
export type TransportFacets = {
  readonly [Member in keyof AllFacets]?: AllFacets[Member] | undefined;
};

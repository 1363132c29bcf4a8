/**
 * - `pipeline`: as separate commands in one write, as `redis()` and `redisCluster()` do.
 * - `script`: as one command.
 * - `undecided`: not known yet.
 */
export type PublishBatching = 'script' | 'pipeline' | 'undecided';

/** A query to a broker, named after the PUBSUB subcommands; `pattern` and `channels` contain the prefix. */
export type InspectionQuery =
  | { readonly query: 'channels' | 'shardChannels'; readonly pattern?: string }
  | { readonly query: 'subscriberCounts' | 'shardSubscriberCounts'; readonly channels: readonly string[] }
  | { readonly query: 'patternCount' };

/** `channels` answers the channel queries, `counts` the counting queries, `total` the pattern count. */
export interface InspectionResult {
  /** Names of channels with at least one subscriber. */
  readonly channels?: readonly string[] | undefined;
  /** Subscribers by channel, without patterns. */
  readonly counts?: ReadonlyMap<string, number> | undefined;
  /** How many distinct patterns are subscribed to. */
  readonly total?: number | undefined;
}

/** The `notify-keyspace-events` of one server. */
export interface KeyspaceFlags {
  /** `host:port`. */
  readonly node: string;
  /** As CONFIG GET returns them, e.g. `Ex`. Empty if nothing is published. */
  readonly flags: string;
}

/** Which key events the servers publish: CONFIG GET and CONFIG SET of `notify-keyspace-events`. */
export interface KeyspaceNotifications {
  /** For every server that publishes them. @throws TransportRefusedError, NotConnectedError, BusClosedError */
  read(): Promise<readonly KeyspaceFlags[]>;
  /** Sets the flags of one server. @throws like {@link read} */
  write(setting: KeyspaceFlags): Promise<void>;
}

/** Gives something to one of several processes: required by the handler option `group`. */
export interface ClaimFacet {
  /**
   * Resolves with true for the first process that claims this key within `ttlMs` (SET NX PX), and with false for the others.
   * @throws NotConnectedError, BusClosedError, or the broker's error.
   */
  claim(key: string, ttlMs: number): Promise<boolean>;
}

/** Knows the subscribers of all processes (PUBSUB …): required by `EventBusInspector`. */
export interface InspectionFacet {
  /** Asks the broker for subscribers. @throws NotConnectedError, BusClosedError, or the broker's error. */
  inspect(query: InspectionQuery): Promise<InspectionResult>;
}

/** Delivers key events of Redis: required by `@OnKeyEvent`. */
export interface KeyEventFacet {
  /** Reads and sets which key events the servers publish. */
  readonly keyspace: KeyspaceNotifications;
  /** The number of the database of its connections. @default 0 */
  readonly database: number;
}

/** Sends events together that are published together. */
export interface BatchingFacet {
  /** How the messages of one call are sent. Only for snapshots. */
  readonly batching: PublishBatching;
}

/** One connection of a transport, and when it was last known to work. */
export interface TransportLink {
  /**
   * What it is for. Of `redis()`: `publisher` and `subscriber`. A Cluster has `shard-publisher`, `shard-subscriber` and
   * `key-event-subscriber` as well, one for each node that is needed.
   */
  readonly role: string;
  /** The node of a Cluster, as `host:port`. */
  readonly node?: string | undefined;
  /** Whether commands can be sent on it right now. */
  readonly isUp: boolean;
  /**
   * For how long it has not proved that it works, in milliseconds: since it was opened, or since the last command was sent whose
   * answer arrived in time. It goes on while the link is lost. Absent before the first link.
   */
  readonly provedAgoMs?: number | undefined;
  /** How long the answer to the last heartbeat took, in milliseconds. Absent until the first one of this link is answered. */
  readonly roundTripMs?: number | undefined;
}

/** Tells how its connections are: for snapshots and health checks. */
export interface LinkFacet {
  /** Its connections right now. Sends no command. */
  links(): readonly TransportLink[];
  /**
   * Resolves when the broker has answered a command, with any answer.
   * @throws NotConnectedError, BusClosedError
   */
  ping(): Promise<void>;
}

/** Exposes the driver that it is made of. */
export interface DriverFacet {
  /** The driver's clients. Changing their state is at your own risk. */
  unwrap(): unknown;
}

/** The facets of a Redis transport. */
export interface AllFacets
  extends ClaimFacet, InspectionFacet, KeyEventFacet, BatchingFacet, LinkFacet, DriverFacet {}

/**
 * The optional parts of a transport. A transport omits the parts it does not support; features that need them fail with a
 * NotSupportedError that names the transport, if possible at the start.
 */
export type TransportFacets = {
  readonly [Member in keyof AllFacets]?: AllFacets[Member] | undefined;
};

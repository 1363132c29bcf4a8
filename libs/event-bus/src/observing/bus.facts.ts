import type { SubscriptionTarget } from '../routing/subscription-target.js';
import type { TransportStatus } from '../transports/event.transport.js';
import type { ObservedFact } from './observer.facts.js';

/** The state of the connections changed. `EventBusStatus` is `ready` only once the start is over as well. */
export interface StateChangedFact extends ObservedFact {
  /** The new state. */
  readonly state: TransportStatus;
  /** Why it is not ready, for people. */
  readonly reason?: string;
  /** The server said no, as it would again: a wrong password, a certificate of another CA. */
  readonly isRefused?: boolean;
  /** Absent for the first one. */
  readonly previous?: { readonly state: TransportStatus; readonly reason?: string };
}

/** The bus could not start, and the start of the application fails. */
export interface StartFailedFact extends ObservedFact {
  /** What the start rejects with. */
  readonly error: unknown;
}

/** The bus has shut down. */
export interface ClosedFact extends ObservedFact {
  /** Every handler finished within `shutdown.drainTimeoutMs`. */
  readonly drained: boolean;
  /** How long the shutdown took, in milliseconds, from the end of the intake to the closed connections. */
  readonly tookMs: number;
  /** How many calls of handlers were running or pending when the time was over. */
  readonly unfinished: number;
}

/** The broker confirmed or denied subscriptions. */
export interface SubscriptionsFact extends ObservedFact {
  /** The subscriptions that were confirmed or denied. */
  readonly targets: readonly SubscriptionTarget[];
}

/** The bus is ready, and so are all subscriptions of its handlers. */
export interface StartedFact extends ObservedFact {
  /** `redis`, `redis-cluster` or `memory`. */
  readonly transport: string;
  /** `host:port`. */
  readonly address: string;
  /** How many there are. */
  readonly handlers: number;
  /** How many there are. */
  readonly subscriptions: number;
}

/** A stream's buffer is full: its loop did not get an event. */
export interface StreamDroppedFact extends ObservedFact {
  /** What the stream listens to, as it was written. */
  readonly target: string;
}

/** A callback of the application that nothing depends on threw or rejected: of a status, a server, a client or `observe()`. */
export interface ListenerFailedFact extends ObservedFact {
  /** What it listens to, e.g. `EventBusStatus`. */
  readonly listener: string;
  /** What was thrown. */
  readonly error: unknown;
}

/** Something is worth knowing that no other fact says, for people. */
export interface NoticedFact extends ObservedFact {
  /** What happened. */
  readonly sentence: string;
  /** The values, by name. A list stands for several values of one name. */
  readonly fields: Readonly<Record<string, string | number | readonly string[]>>;
  /** What to do about it. */
  readonly advice?: string | undefined;
}

/** As {@link NoticedFact}, with nothing to worry about. */
export interface NotedFact extends NoticedFact {
  /** `debug` for details. */
  readonly level: 'log' | 'debug';
}

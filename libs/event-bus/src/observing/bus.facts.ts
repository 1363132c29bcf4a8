import type { EventBusInspector } from '../introspection/event-bus.inspector.js';
import type { BusAccess } from '../module/bus.access.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import type { TransportStatus } from '../transports/event.transport.js';
import type { EventBusObservers } from './event-bus.observers.js';
import type { ObservedFact } from './observer.facts.js';

/** The observer has been added to a bus. */
export interface AttachedFact extends ObservedFact {
  /** The bus in numbers, at any time: `inspector.snapshot()`. And its state and gaps: `inspector.status`. */
  readonly inspector: EventBusInspector;
  /** Adds further observers to this bus, and removes them. */
  readonly observers: EventBusObservers;
  /** @internal For the entries of this package. */
  readonly access: BusAccess;
}

/** The state of the connections changed. `EventBusStatus` becomes `ready` only when the start is complete as well. */
export interface StateChangedFact extends ObservedFact {
  /** The new state. */
  readonly state: TransportStatus;
  /** Why it is not ready, in words. */
  readonly reason?: string;
  /** The server rejected the connection, and another attempt would fail too: a wrong password, a certificate of another CA. */
  readonly isRefused?: boolean;
  /** The state before. Absent for the first one. */
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
  /** How long the shutdown took, in milliseconds: from the last event accepted until the connections were closed. */
  readonly tookMs: number;
  /** How many handler calls were still running or pending when `shutdown.drainTimeoutMs` expired. */
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
  /** The number of handlers. */
  readonly handlers: number;
  /** The number of subscriptions. */
  readonly subscriptions: number;
}

/** A stream's buffer is full, and an event was dropped. */
export interface StreamDroppedFact extends ObservedFact {
  /** What the stream listens to, as it was written. */
  readonly target: string;
}

/**
 * A callback of the application threw or rejected, with no effect on the bus: one of a status, a server, a client or
 * `observe()`.
 */
export interface ListenerFailedFact extends ObservedFact {
  /** What it listens to, e.g. `EventBusStatus`. */
  readonly listener: string;
  /** What was thrown. */
  readonly error: unknown;
}

/** A warning that no other fact covers, in words. */
export interface NoticedFact extends ObservedFact {
  /** What happened. */
  readonly sentence: string;
  /** The values, by name. A list stands for several values of one name. */
  readonly fields: Readonly<Record<string, string | number | readonly string[]>>;
  /** What to do about it. */
  readonly advice?: string | undefined;
}

/** Like {@link NoticedFact}, but without a problem. */
export interface NotedFact extends NoticedFact {
  /** `debug` for details. */
  readonly level: 'log' | 'debug';
}

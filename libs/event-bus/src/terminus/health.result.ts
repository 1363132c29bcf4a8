import type { EventBusSnapshot, EventBusState, TransportLink } from '../index.js';
import type { GapRecord } from './gap.record.js';

/** The part of the result of a health check that is about the bus, under the key of the call. */
export type EventBusHealthResult<Key extends string = string> = Record<Key, EventBusHealth>;

/** The state of a bus as `@nestjs/terminus` takes it. Without details where the call itself was wrong. */
export type EventBusHealth = {
  /** `up` and `degraded` answer 200, `down` answers 503. */
  readonly status: 'up' | 'degraded' | 'down';
  /** Why it is not `up`. */
  readonly reason?: string;
} & Partial<EventBusHealthDetails>;

/** The details of a bus. Channels and globs contain the prefix of the bus. */
export interface EventBusHealthDetails {
  /** As `EventBusStatus.current`. */
  readonly state: EventBusState;
  /** What the bus wants from Redis, and what it has. */
  readonly subscriptions: SubscriptionHealth;
  /** The connections, as in a snapshot. */
  readonly links: readonly TransportLink[];
  /** How long the answer to the last question took, in milliseconds. Absent if the transport was not asked. */
  readonly answeredInMs?: number;
  /** Gaps that ended in the last minute. */
  readonly gapsInLastMinute: number;
  /** Events that were certainly missed in these gaps. */
  readonly missedInLastMinute: number;
}

/** How many subscriptions there are, and which are missing: of each list at most 20 names. */
export interface SubscriptionHealth {
  /** How many the bus wants. */
  readonly wanted: number;
  /** How many of them Redis has confirmed on the current link. */
  readonly confirmed: number;
  /** Those that Redis denies. */
  readonly denied: readonly string[];
  /** Those that wait for a link or for the answer of Redis. */
  readonly unconfirmed: readonly string[];
}

const MAX_NAMES = 20;
const MINUTE_MS = 60_000;

export function detailsOf(
  { status, subscriptions, links }: EventBusSnapshot,
  gaps: GapRecord,
  answeredInMs: number | undefined,
): EventBusHealthDetails {
  const namesOf = (...states: readonly string[]) =>
    subscriptions
      .filter(({ state }) => states.includes(state))
      .slice(0, MAX_NAMES)
      .map(({ target }) => target);
  const recent = gaps.within(MINUTE_MS);
  return {
    state: status,
    subscriptions: {
      wanted: subscriptions.length,
      confirmed: subscriptions.filter(({ state }) => state === 'active').length,
      denied: namesOf('denied'),
      unconfirmed: namesOf('wanted', 'pending', 'lost'),
    },
    links,
    ...(answeredInMs === undefined ? {} : { answeredInMs: Math.round(answeredInMs * 1_000) / 1_000 }),
    gapsInLastMinute: recent.count,
    missedInLastMinute: recent.missed,
  };
}

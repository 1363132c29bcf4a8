/** How Redis is asked: SUBSCRIBE (`channel`), PSUBSCRIBE (`pattern`) or SSUBSCRIBE (`shard`). */
export type SubscriptionKind = 'channel' | 'pattern' | 'shard';

/** One of something for each kind. */
export function forEachKind<T>(make: () => T): Readonly<Record<SubscriptionKind, T>> {
  return { channel: make(), pattern: make(), shard: make() };
}

/** One subscription at the broker: a concrete channel, a Redis glob, or a shard channel. */
export interface SubscriptionTarget {
  /** By which command it is subscribed to. */
  readonly kind: SubscriptionKind;
  /** The channel name or the glob, exactly as the broker gets it. */
  readonly name: string;
}

/** Two targets are the same subscription exactly when their keys are equal. */
export function targetKey(target: SubscriptionTarget): string {
  return `${target.kind}:${target.name}`;
}

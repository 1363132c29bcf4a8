/** The command for the subscription: SUBSCRIBE (`channel`), PSUBSCRIBE (`pattern`) or SSUBSCRIBE (`shard`). */
export type SubscriptionKind = 'channel' | 'pattern' | 'shard';

/** One value for each kind. */
export function forEachKind<T>(make: () => T): Readonly<Record<SubscriptionKind, T>> {
  return { channel: make(), pattern: make(), shard: make() };
}

/** One subscription at the broker: a concrete channel, a Redis glob, or a shard channel. */
export interface SubscriptionTarget {
  /** The command that subscribes to it. */
  readonly kind: SubscriptionKind;
  /** The channel name or the glob, exactly as sent to the broker. */
  readonly name: string;
}

/** Two targets are the same subscription if and only if their keys are equal. */
export function targetKey(target: SubscriptionTarget): string {
  return `${target.kind}:${target.name}`;
}

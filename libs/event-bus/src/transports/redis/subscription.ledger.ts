import type { SubscriptionKind, SubscriptionTarget } from '../../routing/subscription-target.js';
import { forEachKind } from '../../routing/subscription-target.js';

/** Redis counts shard channels separately: SUNSUBSCRIBE answers with their number, UNSUBSCRIBE with that of the rest. */
export type CountedSubscriptions = 'channels and patterns' | 'shard channels';

/**
 * The subscriptions that the server must have for one connection at this stream position, according to its confirmations.
 * Includes those that are no longer wanted but could not be unsubscribed.
 */
export class SubscriptionLedger {
  private readonly names = forEachKind(() => new Set<string>());
  /** Subscriptions of other users of our client. */
  private surplus: Record<CountedSubscriptions, number> = { 'channels and patterns': 0, 'shard channels': 0 };

  /** One of the shard channels. Undefined if there are none. */
  get someShard(): string | undefined {
    const [name] = this.names.shard;
    return name;
  }

  has({ kind, name }: SubscriptionTarget): boolean {
    return this.names[kind].has(name);
  }

  add(kind: SubscriptionKind, names: readonly string[]): void {
    for (const name of names) this.names[kind].add(name);
  }

  remove(kind: SubscriptionKind, names: readonly string[]): void {
    for (const name of names) this.names[kind].delete(name);
  }

  clear(): void {
    for (const names of Object.values(this.names)) names.clear();
    this.surplus = { 'channels and patterns': 0, 'shard channels': 0 };
  }

  /** The number that the server has lost, by its own count at this stream position. */
  audit(kinds: CountedSubscriptions, counted: number): number {
    const { channel, pattern, shard } = this.names;
    const confirmed = kinds === 'shard channels' ? shard.size : channel.size + pattern.size;
    const expected = confirmed + this.surplus[kinds];
    this.surplus[kinds] = Math.max(0, counted - confirmed);
    return Math.max(0, expected - counted);
  }
}

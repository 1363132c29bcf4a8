import type { SubscriptionKind, SubscriptionTarget } from '../../routing/subscription-target.js';
import { forEachKind } from '../../routing/subscription-target.js';

/** Redis counts shard channels apart from everything else: SUNSUBSCRIBE answers with them, UNSUBSCRIBE with the rest. */
export type CountedSubscriptions = 'channels and patterns' | 'shard channels';

/**
 * What the server must hold for one connection at this place of the byte stream, by what it has confirmed: also
 * what nobody wants any more and could not be unsubscribed.
 */
export class SubscriptionLedger {
  private readonly names = forEachKind(() => new Set<string>());
  /** Subscribed by whoever uses our client as well. */
  private surplus: Record<CountedSubscriptions, number> = { 'channels and patterns': 0, 'shard channels': 0 };

  /** One of the shard channels. Undefined when there are none. */
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

  /** How many the server has lost, by its own count at this place of the byte stream. */
  audit(kinds: CountedSubscriptions, counted: number): number {
    const { channel, pattern, shard } = this.names;
    const confirmed = kinds === 'shard channels' ? shard.size : channel.size + pattern.size;
    const expected = confirmed + this.surplus[kinds];
    this.surplus[kinds] = Math.max(0, counted - confirmed);
    return Math.max(0, expected - counted);
  }
}

import type { SubscriptionKind, SubscriptionTarget } from '../routing/subscription-target.js';
import { forEachKind } from '../routing/subscription-target.js';

/** A map by target. It makes no keys: with thousands of targets that would cost more than the look-up. */
export class TargetMap<Value> {
  private readonly kinds = forEachKind(() => new Map<string, Value>());

  get size(): number {
    return this.kinds.channel.size + this.kinds.pattern.size + this.kinds.shard.size;
  }

  get({ kind, name }: SubscriptionTarget): Value | undefined {
    return this.kinds[kind].get(name);
  }

  has({ kind, name }: SubscriptionTarget): boolean {
    return this.kinds[kind].has(name);
  }

  set({ kind, name }: SubscriptionTarget, value: Value): void {
    this.kinds[kind].set(name, value);
  }

  /** False if it was not there. */
  delete({ kind, name }: SubscriptionTarget): boolean {
    return this.kinds[kind].delete(name);
  }

  clear(): void {
    for (const map of Object.values(this.kinds)) map.clear();
  }

  targets(): SubscriptionTarget[] {
    return Object.entries(this.kinds).flatMap(([kind, map]) =>
      [...map.keys()].map((name) => ({ kind: kind as SubscriptionKind, name })),
    );
  }

  /** Channels, then patterns, then shard channels. */
  values(): Value[] {
    return Object.values(this.kinds).flatMap((map) => [...map.values()]);
  }
}

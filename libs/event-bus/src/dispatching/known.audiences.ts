import type { SubscriptionTarget } from '../routing/subscription-target.js';
import type { Audience } from './audience.js';

/**
 * Publishers choose the channels that a pattern delivers, so the cache is limited: the most recipients, and the longest name.
 */
const MAX_RECIPIENTS = 4_096;
const MAX_NAME_LENGTH = 256;

/** Caches audiences by subscription, until the plan changes. Plain maps: each event does one lookup. */
export class KnownAudiences {
  /** By the name of the subscription, which is its only channel. */
  readonly channel = new Map<string, Audience>();
  readonly shard = new Map<string, Audience>();
  /** By the pattern, then by the channel with its prefix. */
  readonly pattern = new Map<string, Map<string, Audience>>();
  private ofPatterns = 0;

  add(audience: Audience, { kind, name }: SubscriptionTarget, rawChannel: string): void {
    if (kind !== 'pattern') {
      this[kind].set(name, audience);
      return;
    }
    const { length } = audience.recipients;
    if (length > MAX_RECIPIENTS || rawChannel.length > MAX_NAME_LENGTH) return;
    this.ofPatterns += length;
    if (this.ofPatterns > MAX_RECIPIENTS) {
      this.pattern.clear();
      this.ofPatterns = length;
    }
    const onPattern = this.pattern.get(name);
    if (onPattern === undefined) this.pattern.set(name, new Map([[rawChannel, audience]]));
    else onPattern.set(rawChannel, audience);
  }

  clear(): void {
    this.channel.clear();
    this.shard.clear();
    this.pattern.clear();
    this.ofPatterns = 0;
  }
}

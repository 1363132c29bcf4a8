import { GroupClaimError, quote, reasonOf } from '../errors.js';
import type { EventContext } from '../message/event-context.js';

/** Claims a key at the broker: true for the first process within the time. */
export type Claim = (key: string, ttlMs: number) => Promise<boolean>;

/**
 * A claim outlives whatever another instance may still do with the event. It costs the broker one small key per event and group
 * for that long.
 */
const CLAIM_TTL_MS = 5 * 60_000;
/** An older event is not claimed: an earlier claim may have expired already. */
const MAX_AGE_MS = CLAIM_TTL_MS / 2;

/** The result of a claim. */
export type ClaimOutcome = 'ours' | 'elsewhere';

/**
 * Shares the events of a group among its instances: one of them gets each event. A claim names no class or method, so that
 * instances of another build, minified or refactored, belong to the same group.
 */
export class GroupClaims {
  private readonly namespace: string;

  constructor(
    /** Prefixes every key, so that applications with different prefixes do not collide. */
    prefix: string,
    private readonly claim: Claim,
  ) {
    this.namespace = `${prefix}event-bus:claim:`;
  }

  /**
   * Resolves with `elsewhere` when another instance has the event.
   * @throws GroupClaimError when the claim is impossible: no instance may handle the event then.
   */
  async take(group: string, event: EventContext): Promise<ClaimOutcome> {
    const { id, source } = event.metadata;
    if (id === undefined) {
      throw new GroupClaimError(group, 'it has no id. Publish it with the cloudEvents() codec');
    }
    const ageMs = ageOf(event);
    if (ageMs > MAX_AGE_MS) {
      throw new GroupClaimError(
        group,
        `it is ${Math.round(ageMs / 1000)} s old, so another instance may have handled it. Raise concurrency, synchronize the clocks of the hosts, or let the codec set the time`,
      );
    }
    // JSON keeps different pairs of source and id apart, also where they are not valid Unicode.
    const key = `${this.namespace}${group}:${JSON.stringify([source, id])}`;
    let isOurs: boolean;
    try {
      isOurs = await this.claim(key, CLAIM_TTL_MS);
    } catch (cause) {
      throw new GroupClaimError(
        group,
        `no key under ${quote(`${this.namespace}*`)} could be claimed: ${reasonOf(cause)}`,
        { cause },
      );
    }
    return isOurs ? 'ours' : 'elsewhere';
  }
}

/** By the publisher's clock or by the local one, whichever gives more. */
function ageOf({ metadata, receivedAtMs }: EventContext): number {
  const nowMs = Date.now();
  const publishedMs = metadata.time === undefined ? Number.NaN : Date.parse(metadata.time);
  return Math.max(nowMs - receivedAtMs, Number.isNaN(publishedMs) ? 0 : nowMs - publishedMs);
}

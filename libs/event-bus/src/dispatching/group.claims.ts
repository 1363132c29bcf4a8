import { GroupClaimError, quote, reasonOf } from '../errors.js';
import type { EventContext } from '../message/event-context.js';

/** Asks the broker for a key: true for the first of all processes within the time. */
export type Claim = (key: string, ttlMs: number) => Promise<boolean>;

/**
 * A claim outlives whatever another instance may still do with the event. It costs the broker a small key per event and
 * group for so long.
 */
const CLAIM_TTL_MS = 5 * 60_000;
/** An event older than this is not claimed any more: an earlier claim might end before it is handled. */
const MAX_AGE_MS = CLAIM_TTL_MS / 2;

/** What an instance that is to handle an event finds out. */
export type ClaimOutcome = 'ours' | 'elsewhere';

/**
 * Shares the events of a group among its instances: one of them gets each event. A claim names no class or method, so that
 * instances of another build, minified or refactored, belong to the same group.
 */
export class GroupClaims {
  private readonly namespace: string;

  constructor(
    /** Before every key, so that applications with a prefix of their own do not meet. */
    prefix: string,
    private readonly claim: Claim,
  ) {
    this.namespace = `${prefix}event-bus:claim:`;
  }

  /**
   * Resolves with `elsewhere` when another instance has the event.
   * @throws GroupClaimError when nobody can know: nobody may handle it then.
   */
  async take(group: string, event: EventContext): Promise<ClaimOutcome> {
    const { id, source } = event.metadata;
    if (id === undefined) {
      throw new GroupClaimError(
        group,
        'it has no id, so instances cannot tell who has it. Publish it with cloudEvents()',
      );
    }
    const ageMs = ageOf(event);
    if (ageMs > MAX_AGE_MS) {
      throw new GroupClaimError(
        group,
        `it is ${Math.round(ageMs / 1000)} s old, and others may have handled it. Raise concurrency, compare the clocks of the hosts, or leave its time to the codec`,
      );
    }
    // As JSON no source and id read like another pair, and what is no Unicode stays apart on the way to the broker.
    const key = `${this.namespace}${group}:${JSON.stringify([source, id])}`;
    let isOurs: boolean;
    try {
      isOurs = await this.claim(key, CLAIM_TTL_MS);
    } catch (cause) {
      throw new GroupClaimError(
        group,
        `no key under ${quote(`${this.namespace}*`)} could be claimed, ${reasonOf(cause)}`,
        { cause },
      );
    }
    return isOurs ? 'ours' : 'elsewhere';
  }
}

/** By the publisher's clock or by ours, whichever says more. */
function ageOf({ metadata, receivedAtMs }: EventContext): number {
  const nowMs = Date.now();
  const publishedMs = metadata.time === undefined ? Number.NaN : Date.parse(metadata.time);
  return Math.max(nowMs - receivedAtMs, Number.isNaN(publishedMs) ? 0 : nowMs - publishedMs);
}

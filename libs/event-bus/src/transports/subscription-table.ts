import type { SubscriptionKind, SubscriptionTarget } from '../routing/subscription-target.js';
import { targetKey } from '../routing/subscription-target.js';
import type { SubscriptionInfo, SubscriptionState } from './event.transport.js';

interface Entry {
  readonly target: SubscriptionTarget;
  state: SubscriptionState;
  /** The request whose answer counts; answers to earlier ones are stale. */
  request: SubscriptionRequest | undefined;
  reason: string | undefined;
  /** Confirmed or denied at least once, so that it is missed while it is not active. */
  wasAnswered: boolean;
}

/** Targets of one kind that are asked for in one command. */
export interface SubscriptionRequest {
  readonly kind: SubscriptionKind;
  readonly targets: readonly SubscriptionTarget[];
}

const KINDS: readonly SubscriptionKind[] = ['channel', 'pattern', 'shard'];

/**
 * What we want from the broker and what it has confirmed. Pure: whoever holds the link asks it what to send
 * and tells it what was answered.
 *
 *     hold            request            confirm
 *     ────► wanted ────────────► pending ────────► active
 *             ▲                    │  │               │ lose
 *             │  lose              │  │ refuse        ▼
 *             ├────────────────────┘  └───► denied   lost ──► (as wanted)
 *             └──────────────────────────────┘ lose, retry, retryDenied
 */
export class SubscriptionTable {
  private readonly entries = new Map<string, Entry>();

  /** Wants this target from now on. False when it was held already. */
  hold(target: SubscriptionTarget): boolean {
    const key = targetKey(target);
    if (this.entries.has(key)) return false;
    this.entries.set(key, {
      target,
      state: 'wanted',
      request: undefined,
      reason: undefined,
      wasAnswered: false,
    });
    return true;
  }

  /** Wants it no more. True when the broker may be delivering it, so that it has to be told. */
  drop(target: SubscriptionTarget): boolean {
    const key = targetKey(target);
    const entry = this.entries.get(key);
    this.entries.delete(key);
    return entry?.state === 'active' || entry?.state === 'pending';
  }

  /** Everything that the broker has answered for is active now. New targets do not count yet. */
  get isWhole(): boolean {
    for (const entry of this.entries.values())
      if (entry.wasAnswered && entry.state !== 'active') return false;
    return true;
  }

  stateOf(target: SubscriptionTarget): SubscriptionState | undefined {
    return this.entries.get(targetKey(target))?.state;
  }

  reasonOf(target: SubscriptionTarget): string | undefined {
    return this.entries.get(targetKey(target))?.reason;
  }

  /** The next command to send: up to `max` targets of one kind that wait for a link. Undefined when none do. */
  request(max: number): SubscriptionRequest | undefined {
    for (const kind of KINDS) {
      const chosen: Entry[] = [];
      for (const entry of this.entries.values()) {
        if (entry.target.kind !== kind || !isWaiting(entry)) continue;
        chosen.push(entry);
        if (chosen.length === max) break;
      }
      if (chosen.length > 0) return this.send(chosen);
    }
    return undefined;
  }

  /** The broker confirmed the request. Returns what became active by it. */
  confirm(request: SubscriptionRequest): readonly SubscriptionTarget[] {
    const confirmed = this.answered(request);
    for (const entry of confirmed) {
      entry.state = 'active';
      entry.wasAnswered = true;
    }
    return confirmed.map((entry) => entry.target);
  }

  /**
   * The broker refused the request. One refused target makes Redis refuse the whole command, so several are
   * asked for again, each alone: the returned requests are to be sent. A single one is denied.
   */
  refuse(request: SubscriptionRequest, reason: string): readonly SubscriptionRequest[] {
    const refused = this.answered(request);
    if (request.targets.length > 1) return refused.map((entry) => this.send([entry]));
    for (const entry of refused) {
      entry.state = 'denied';
      entry.reason = reason;
      entry.wasAnswered = true;
    }
    return [];
  }

  /** The link is gone, and everything with it. Returns what was active. */
  lose(): readonly SubscriptionTarget[] {
    const lost: SubscriptionTarget[] = [];
    for (const entry of this.entries.values()) {
      if (entry.state === 'active') lost.push(entry.target);
      entry.state = entry.state === 'active' || entry.state === 'lost' ? 'lost' : 'wanted';
      entry.request = undefined;
    }
    return lost;
  }

  /** A denied target is wanted again, because somebody asks for it anew. */
  retry(target: SubscriptionTarget): void {
    const entry = this.entries.get(targetKey(target));
    if (entry?.state === 'denied') entry.state = 'wanted';
  }

  /** Denied targets are wanted again: permissions may have changed. */
  retryDenied(): void {
    for (const entry of this.entries.values()) if (entry.state === 'denied') entry.state = 'wanted';
  }

  list(): readonly SubscriptionInfo[] {
    return [...this.entries.values()].map(({ target, state, reason }) => ({
      target,
      state,
      ...(state === 'denied' && reason !== undefined ? { reason } : {}),
    }));
  }

  private send(entries: readonly Entry[]): SubscriptionRequest {
    const request = {
      kind: (entries[0] as Entry).target.kind,
      targets: entries.map((entry) => entry.target),
    };
    for (const entry of entries) {
      entry.state = 'pending';
      entry.request = request;
      entry.reason = undefined;
    }
    return request;
  }

  /** The entries for which this answer still counts: held, and not asked for again since. */
  private answered(request: SubscriptionRequest): readonly Entry[] {
    return request.targets
      .map((target) => this.entries.get(targetKey(target)))
      .filter((entry): entry is Entry => entry?.state === 'pending' && entry.request === request);
  }
}

function isWaiting(entry: Entry): boolean {
  return entry.state === 'wanted' || entry.state === 'lost';
}

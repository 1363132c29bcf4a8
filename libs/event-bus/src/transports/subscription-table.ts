import type { SubscriptionKind, SubscriptionTarget } from '../routing/subscription-target.js';
import { forEachKind } from '../routing/subscription-target.js';
import type { SubscriptionInfo, SubscriptionState } from './event.transport.js';
import { TargetMap } from './target.map.js';

interface Entry {
  readonly target: SubscriptionTarget;
  /** Targets of one group may share a command. */
  readonly group: number;
  state: SubscriptionState;
  /** The request whose answer counts; answers to earlier ones are stale. */
  request: SubscriptionRequest | undefined;
  reason: string | undefined;
  /** Confirmed or denied at least once, so it counts as missing while it is not active. */
  wasAnswered: boolean;
}

/** Targets of one kind that are requested in one command. */
export interface SubscriptionRequest {
  readonly kind: SubscriptionKind;
  readonly targets: readonly SubscriptionTarget[];
}

const KINDS: readonly SubscriptionKind[] = ['channel', 'pattern', 'shard'];

/**
 * The wanted subscriptions, and what the broker has confirmed. Pure: the owner of the link asks it what to send, and reports
 * the answers.
 *
 *     hold            request            confirm
 *     ────► wanted ────────────► pending ────────► active
 *             ▲                    │  │               │ lose
 *             │  lose              │  │ refuse        ▼
 *             ├────────────────────┘  └───► denied   lost ──► (as wanted)
 *             └──────────────────────────────┘ lose, retry, retryDenied
 */
export class SubscriptionTable {
  private readonly held = new TargetMap<Entry>();
  /** The same, in the order in which they were added: the order of snapshots. */
  private readonly entries = new Set<Entry>();
  /** Those that wait for a link, in request order: with thousands, no chunk scans all. */
  private readonly waiting = forEachKind(() => new Map<number, Set<Entry>>());
  private readonly denied = new Set<Entry>();
  /** Those that the broker has answered for, and that are not active now. */
  private readonly missed = new Set<Entry>();

  /** @param groupOf only targets of one group share a command: those of one slot, on a Cluster */
  constructor(private readonly groupOf: (target: SubscriptionTarget) => number = () => 0) {}

  /** Wants this target from now on. False if it was wanted already. */
  hold(target: SubscriptionTarget): boolean {
    if (this.held.has(target)) return false;
    const entry: Entry = {
      target,
      group: this.groupOf(target),
      state: 'wanted',
      request: undefined,
      reason: undefined,
      wasAnswered: false,
    };
    this.held.set(target, entry);
    this.entries.add(entry);
    this.move(entry, 'wanted');
    return true;
  }

  /** Does not want it any more. True if the broker may be delivering it, so that it must be unsubscribed. */
  drop(target: SubscriptionTarget): boolean {
    const entry = this.held.get(target);
    if (entry === undefined) return false;
    this.held.delete(target);
    this.entries.delete(entry);
    this.leave(entry);
    return entry.state === 'active' || entry.state === 'pending';
  }

  /** It was active elsewhere, so it counts as missing until it is active here. */
  miss(target: SubscriptionTarget): void {
    const entry = this.held.get(target);
    if (entry === undefined) return;
    entry.wasAnswered = true;
    if (entry.state !== 'active') this.missed.add(entry);
  }

  /** Everything that the broker has answered for is active now. New targets do not count yet. */
  get isFullySubscribed(): boolean {
    return this.missed.size === 0;
  }

  /** Some are not requested yet. */
  get isWaiting(): boolean {
    return KINDS.some((kind) => this.waiting[kind].size > 0);
  }

  /** Why the broker denies the target that it has denied for longest. Undefined if it denies none. */
  get denial(): string | undefined {
    const [entry] = this.denied;
    return entry?.reason;
  }

  stateOf(target: SubscriptionTarget): SubscriptionState | undefined {
    return this.held.get(target)?.state;
  }

  /** The next command to send: up to `max` targets of one kind and group that wait for a link. Undefined if there are none. */
  request(max: number): SubscriptionRequest | undefined {
    for (const kind of KINDS) {
      const [group] = this.waiting[kind].values();
      if (group === undefined) continue;
      const chosen: Entry[] = [];
      for (const entry of group) {
        chosen.push(entry);
        if (chosen.length === max) break;
      }
      return this.send(chosen);
    }
    return undefined;
  }

  /** The broker confirmed the request. Returns the targets that became active. */
  confirm(request: SubscriptionRequest): readonly SubscriptionTarget[] {
    const confirmed = this.answered(request);
    for (const entry of confirmed) {
      entry.wasAnswered = true;
      this.move(entry, 'active');
    }
    return confirmed.map((entry) => entry.target);
  }

  /**
   * The broker refused the request. Redis refuses the whole command because of one target, so several targets are requested
   * again, each separately: send the returned requests. A single one is denied.
   */
  refuse(request: SubscriptionRequest, reason: string): readonly SubscriptionRequest[] {
    const refused = this.answered(request);
    if (request.targets.length > 1) return refused.map((entry) => this.send([entry]));
    for (const entry of refused) {
      entry.reason = reason;
      entry.wasAnswered = true;
      this.move(entry, 'denied');
    }
    return [];
  }

  /** The link is lost, with all subscriptions on it. Returns those that were active. */
  lose(): readonly SubscriptionTarget[] {
    return this.loseEntries(this.entries);
  }

  /** The broker no longer delivers this one. Returns it if it was active. */
  loseOne(target: SubscriptionTarget): readonly SubscriptionTarget[] {
    const entry = this.held.get(target);
    return entry === undefined ? [] : this.loseEntries([entry]);
  }

  /** The broker will not answer this request, and names the node that will. Returns the targets to request elsewhere. */
  turnAway(request: SubscriptionRequest): readonly SubscriptionTarget[] {
    const entries = this.answered(request);
    this.loseEntries(entries);
    return entries.map((entry) => entry.target);
  }

  /** A denied target is wanted again, because a caller requests it again. */
  retry(target: SubscriptionTarget): void {
    const entry = this.held.get(target);
    if (entry?.state === 'denied') this.move(entry, 'wanted');
  }

  /** Denied targets are wanted again: permissions may have changed. */
  retryDenied(): void {
    for (const entry of this.denied) this.move(entry, 'wanted');
  }

  list(): readonly SubscriptionInfo[] {
    return [...this.entries].map(({ target, state, reason }) => ({
      target,
      state,
      ...(state === 'denied' && reason !== undefined ? { reason } : {}),
    }));
  }

  private loseEntries(entries: Iterable<Entry>): readonly SubscriptionTarget[] {
    const lost: SubscriptionTarget[] = [];
    for (const entry of entries) {
      if (entry.state === 'active') lost.push(entry.target);
      entry.request = undefined;
      this.move(entry, entry.state === 'active' || entry.state === 'lost' ? 'lost' : 'wanted');
    }
    return lost;
  }

  private send(entries: readonly Entry[]): SubscriptionRequest {
    const request = {
      kind: (entries[0] as Entry).target.kind,
      targets: entries.map((entry) => entry.target),
    };
    for (const entry of entries) {
      entry.request = request;
      entry.reason = undefined;
      this.move(entry, 'pending');
    }
    return request;
  }

  private move(entry: Entry, state: SubscriptionState): void {
    this.leave(entry);
    entry.state = state;
    if (state === 'wanted' || state === 'lost') this.wait(entry);
    if (state === 'denied') this.denied.add(entry);
    if (state !== 'active' && entry.wasAnswered) this.missed.add(entry);
  }

  private wait(entry: Entry): void {
    const groups = this.waiting[entry.target.kind];
    const group = groups.get(entry.group);
    if (group === undefined) groups.set(entry.group, new Set([entry]));
    else group.add(entry);
  }

  private leave(entry: Entry): void {
    const groups = this.waiting[entry.target.kind];
    const group = groups.get(entry.group);
    if (group?.delete(entry) && group.size === 0) groups.delete(entry.group);
    this.denied.delete(entry);
    this.missed.delete(entry);
  }

  /** The entries for which this answer still counts: wanted, and not requested again since. */
  private answered(request: SubscriptionRequest): readonly Entry[] {
    return request.targets
      .map((target) => this.held.get(target))
      .filter((entry): entry is Entry => entry?.state === 'pending' && entry.request === request);
  }
}

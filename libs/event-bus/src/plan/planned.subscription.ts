import type { SubscriptionTarget } from '../routing/subscription-target.js';
import type { Route } from './binding.list.js';
import { BindingList } from './binding.list.js';
import type { Phase, PhaseEvent } from './subscription.phase.js';
import { nextPhase } from './subscription.phase.js';
import { TargetShape } from './target.shape.js';

/** Other subscriptions that this one serves, indexed so that not all must be checked. */
interface ServedOthers<C> {
  readonly channels: Map<string, PlannedSubscription<C>>;
  readonly patterns: Set<PlannedSubscription<C>>;
}

/**
 * A subscription that consumers want or that exists at the broker: which one serves it, and which ones it serves. Part of the
 * plan, and changed only by it. Its sets exist only while they are not empty: most are.
 */
export class PlannedSubscription<C> {
  readonly bindings = new BindingList<C>();
  /** The subscription that covers it, or itself: the root must be subscribed, and serves it once confirmed. */
  root: PlannedSubscription<C> = this;
  covered: Set<PlannedSubscription<C>> | undefined;
  /** Takes over while the current server is being unsubscribed. */
  successor: PlannedSubscription<C> | undefined;
  successorOf: Set<PlannedSubscription<C>> | undefined;
  /** The subscriptions that it served when it was interrupted. */
  interrupted: Set<PlannedSubscription<C>> | undefined;
  /**
   * Served since a moment between two stream positions, so copies of one event may be on both sides. Until the next position,
   * another target of the same consumer that was served before takes precedence.
   */
  isNew = false;

  private currentPhase: Phase = 'idle';
  private servedBy: PlannedSubscription<C> | undefined;
  private others: ServedOthers<C> | undefined;
  private knownShape: TargetShape | undefined;

  constructor(
    readonly target: SubscriptionTarget,
    /** Whether it may cover others and be covered. */
    readonly isShared: boolean,
  ) {}

  get shape(): TargetShape {
    this.knownShape ??= new TargetShape(this.target);
    return this.knownShape;
  }

  get phase(): Phase {
    return this.currentPhase;
  }

  advance(event: PhaseEvent): void {
    this.currentPhase = nextPhase(this.currentPhase, event);
  }

  get isWanted(): boolean {
    return !this.bindings.isEmpty;
  }

  /** Whether the broker must have it for its consumers. */
  get isNeeded(): boolean {
    return this.isWanted && this.root === this;
  }

  /** Whether others may start to rely on it. */
  get isLive(): boolean {
    return this.currentPhase === 'live';
  }

  get isDelivering(): boolean {
    return this.currentPhase === 'live' || this.currentPhase === 'leaving';
  }

  /** Being unsubscribed: nothing new may rely on it, and it is not requested again before it is idle. */
  get isLeaving(): boolean {
    return this.currentPhase === 'leaving' || this.currentPhase === 'gone';
  }

  /** The subscription whose deliveries count for the consumers of this one. Undefined if there is none. */
  get server(): PlannedSubscription<C> | undefined {
    return this.servedBy;
  }

  set server(server: PlannedSubscription<C> | undefined) {
    if (this.servedBy === server) return;
    this.servedBy?.forget(this);
    this.servedBy = server;
    server?.serve(this);
  }

  /** The subscriptions that it serves, including itself. */
  *served(): Iterable<PlannedSubscription<C>> {
    if (this.servedBy === this) yield this;
    if (this.others === undefined) return;
    yield* this.others.channels.values();
    yield* this.others.patterns;
  }

  /**
   * The consumers that get a delivery of this subscription on the channel, without duplicates. The list is not changed later.
   */
  routesOn(channel: string): readonly Route<C>[] {
    const own = this.servedBy === this ? this.bindings.routes(this, channel, this.isNew) : NONE;
    const { others } = this;
    if (others === undefined) return own;
    const exact = others.channels.get(channel);
    if (exact === undefined && others.patterns.size === 0) return own;
    const all = [...own];
    if (exact !== undefined) all.push(...exact.bindings.routes(this, channel, exact.isNew));
    for (const other of others.patterns) {
      if (other.shape.matches(channel)) all.push(...other.bindings.routes(this, channel, other.isNew));
    }
    return all;
  }

  /** Whether a glob matches this channel but no template does: the globs of templates are wider. */
  isUnmatchedOn(channel: string): boolean {
    const exact = this.others?.channels.get(channel);
    const globs = [...(this.others?.patterns ?? [])].filter(({ shape }) => shape.matches(channel));
    const asking = [...(this.servedBy === this ? [this] : []), ...(exact ? [exact] : []), ...globs];
    const bindings = asking.flatMap((other) => [...other.bindings]);
    return bindings.length > 0 && bindings.every(({ target }) => !target.matches(channel));
  }

  /** Whether a consumer of this one gets events through another of its targets. */
  get hasServedSiblings(): boolean {
    for (const { siblings, isOnly } of this.bindings) {
      if (isOnly) continue;
      if (siblings.some(({ subscription: other }) => other !== this && other.server !== undefined))
        return true;
    }
    return false;
  }

  /** The targets for exactly this subscription, as written. */
  *texts(): Iterable<string> {
    for (const { target } of this.bindings) yield target.text;
  }

  private serve(other: PlannedSubscription<C>): void {
    if (other === this) return;
    this.others ??= { channels: new Map(), patterns: new Set() };
    if (other.target.kind === 'pattern') this.others.patterns.add(other);
    else this.others.channels.set(other.target.name, other);
  }

  private forget(other: PlannedSubscription<C>): void {
    const { others } = this;
    if (others === undefined) return;
    if (other.target.kind === 'pattern') others.patterns.delete(other);
    else others.channels.delete(other.target.name);
    if (others.channels.size + others.patterns.size === 0) this.others = undefined;
  }
}

const NONE: readonly never[] = [];

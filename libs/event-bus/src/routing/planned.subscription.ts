import type { EventTarget } from './event-target.js';
import type { SubscriptionTarget } from './subscription-target.js';
import { TargetShape } from './target.shape.js';

/** Who gets an event, and the target that the event is for it: the first of its own that matches. */
export interface Route<C> {
  readonly consumer: C;
  readonly target: EventTarget;
}

/** One target of a consumer, and the subscription that it asks for. */
export interface Way<C> extends Route<C> {
  readonly subscription: PlannedSubscription<C>;
  /** All of the consumer, in the order of its targets. */
  readonly ways: readonly Way<C>[];
  /** The consumer has no other. */
  readonly isOnly: boolean;
}

/** Those that others are served for, found without a look at each. */
interface ServedOthers<C> {
  readonly channels: Map<string, PlannedSubscription<C>>;
  readonly patterns: Set<PlannedSubscription<C>>;
}

/**
 * A subscription that consumers ask for or that is still held: by which one it is served, and which ones it serves. A
 * part of the plan, which alone changes it. Sets are there only while something is in them: most have none.
 */
export class PlannedSubscription<C> {
  /** What covers it, or itself: that is to be held, and serves it once it is confirmed. */
  root: PlannedSubscription<C> = this;
  covered: Set<PlannedSubscription<C>> | undefined;
  /** Keeps up its service while the one that serves it now is on its way out. */
  heir: PlannedSubscription<C> | undefined;
  heirOf: Set<PlannedSubscription<C>> | undefined;
  /** Those that it served when it was interrupted. */
  interrupted: Set<PlannedSubscription<C>> | undefined;
  isHeld = false;
  /** On its way out: nothing new may rely on it, and it is not asked for again before it is gone. */
  isLeaving = false;
  isConfirmed = false;
  isDenied = false;
  /**
   * Served since a moment between two places of the byte stream, where copies of one event may be on both sides: until the next
   * place another target of the same consumer that was served before speaks for it.
   */
  isNew = false;

  /** Two of one consumer where it asks by a glob and by a template. */
  private readonly users = new Set<Way<C>>();
  /** Made of the users when they are needed, and not changed then: a message may be on its way along them. */
  private routes: readonly Way<C>[] | undefined;
  private isPlain = true;
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

  get isWanted(): boolean {
    return this.users.size > 0;
  }

  /** Whether the broker is to hold it for those who want it. */
  get isNeeded(): boolean {
    return this.isWanted && this.root === this;
  }

  /** Whether others may begin to rely on it. */
  get isLive(): boolean {
    return this.isConfirmed && !this.isLeaving;
  }

  addUser(way: Way<C>): void {
    this.users.add(way);
    this.routes = undefined;
  }

  removeUser(way: Way<C>): void {
    this.users.delete(way);
    this.routes = undefined;
  }

  /** The subscription whose deliveries count for those who want this one. Undefined when there is none. */
  get server(): PlannedSubscription<C> | undefined {
    return this.servedBy;
  }

  set server(server: PlannedSubscription<C> | undefined) {
    if (this.servedBy === server) return;
    this.servedBy?.forget(this);
    this.servedBy = server;
    server?.serve(this);
  }

  /** Those that it serves, itself included. */
  *served(): Iterable<PlannedSubscription<C>> {
    if (this.servedBy === this) yield this;
    if (this.others === undefined) return;
    yield* this.others.channels.values();
    yield* this.others.patterns;
  }

  /** Who gets what this subscription delivers on the channel, each once. The list is not changed later. */
  routesOn(channel: string): readonly Route<C>[] {
    const own = this.servedBy === this ? this.routesOf(this, channel) : NONE;
    const { others } = this;
    if (others === undefined) return own;
    const exact = others.channels.get(channel);
    if (exact === undefined && others.patterns.size === 0) return own;
    const all = [...own];
    if (exact !== undefined) all.push(...exact.routesOf(this, channel));
    for (const other of others.patterns) {
      if (other.shape.matches(channel)) all.push(...other.routesOf(this, channel));
    }
    return all;
  }

  /** Whether somebody's glob lets this channel through and nobody's template means it: Redis' globs are wider. */
  isUnmatchedOn(channel: string): boolean {
    const exact = this.others?.channels.get(channel);
    const globs = [...(this.others?.patterns ?? [])].filter(({ shape }) => shape.matches(channel));
    const asking = [...(this.servedBy === this ? [this] : []), ...(exact ? [exact] : []), ...globs];
    const ways = asking.flatMap((other) => [...other.users]);
    return ways.length > 0 && ways.every(({ target }) => !target.matches(channel));
  }

  /** Whether a consumer of this one gets events by another of its targets. */
  get hasServedSiblings(): boolean {
    for (const { ways, isOnly } of this.users) {
      if (
        !isOnly &&
        ways.some(({ subscription }) => subscription !== this && subscription.server !== undefined)
      )
        return true;
    }
    return false;
  }

  /** The targets that ask for exactly this subscription, as they were written. */
  *texts(): Iterable<string> {
    for (const { target } of this.users) yield target.text;
  }

  /** Those who want this one and get what comes `through` another. */
  private routesOf(through: PlannedSubscription<C>, channel: string): readonly Way<C>[] {
    if (this.routes === undefined) {
      this.routes = [...this.users];
      this.isPlain = this.routes.every(isPlainWay);
    }
    if (this.isPlain && !this.isNew) return this.routes;
    const routes: Way<C>[] = [];
    for (const way of this.routes) {
      const route = isPlainWay(way) && !this.isNew ? way : this.routeOf(way, through, channel);
      if (route !== undefined) routes.push(route);
    }
    return routes;
  }

  /**
   * Of several targets the first that matches and is served speaks for the consumer; the event is shown to it
   * under the first that matches.
   */
  private routeOf(way: Way<C>, through: PlannedSubscription<C>, channel: string): Way<C> | undefined {
    let first: Way<C> | undefined;
    let newlyServed: Way<C> | undefined;
    for (const own of way.ways) {
      const { server, target, isNew } = own.subscription;
      // A shard channel is a namespace of its own.
      if (target.kind === 'shard' || !own.target.matches(channel)) continue;
      first ??= own;
      if (server === undefined) continue;
      if (!isNew) return server === through && own === way ? first : undefined;
      newlyServed ??= own;
    }
    return newlyServed === way && way.subscription.server === through ? first : undefined;
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

/** What comes by it is for its consumer: nothing else can speak for it. Channels stand before globs, and each stands once. */
function isPlainWay<C>({ subscription, target, isOnly }: Way<C>): boolean {
  return subscription.target.kind !== 'pattern' || (isOnly && target.template === undefined);
}

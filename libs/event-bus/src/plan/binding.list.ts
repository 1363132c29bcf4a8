import type { HandlerTarget } from '../routing/handler-target.js';
import type { PlannedSubscription } from './planned.subscription.js';

/** A consumer that gets an event, and the target it gets it for: the first of its targets that matches. */
export interface Route<C> {
  readonly consumer: C;
  readonly target: HandlerTarget;
}

/** One target of a consumer, and the subscription that it requires. */
export interface Binding<C> extends Route<C> {
  readonly subscription: PlannedSubscription<C>;
  /** All bindings of the consumer, in the order of its targets. */
  readonly siblings: readonly Binding<C>[];
  /** Whether it is the consumer's only binding. */
  readonly isOnly: boolean;
}

/** The bindings to one subscription. A consumer has two if it uses a glob and a template with the same subscription. */
export class BindingList<C> implements Iterable<Binding<C>> {
  /** Most subscriptions have a single binding, for which a set is large. */
  private only: Binding<C> | undefined;
  /** Used from the second binding on. */
  private bindings: Set<Binding<C>> | undefined;
  /** Built when needed, and not changed later, because a message may still be using it. */
  private list: readonly Binding<C>[] | undefined;
  private arePlain = true;

  get isEmpty(): boolean {
    return this.bindings === undefined ? this.only === undefined : this.bindings.size === 0;
  }

  add(binding: Binding<C>): void {
    this.list = undefined;
    if (this.bindings !== undefined) this.bindings.add(binding);
    else if (this.only === undefined) this.only = binding;
    else {
      this.bindings = new Set([this.only, binding]);
      this.only = undefined;
    }
  }

  delete(binding: Binding<C>): void {
    this.list = undefined;
    this.bindings?.delete(binding);
    if (this.only === binding) this.only = undefined;
  }

  has(binding: Binding<C>): boolean {
    return this.only === binding || (this.bindings?.has(binding) ?? false);
  }

  [Symbol.iterator](): Iterator<Binding<C>> {
    return this.all()[Symbol.iterator]();
  }

  /**
   * The routes for a message that arrives `through` a subscription serving this one.
   *
   * @param isNew whether the service began at a moment between two stream positions
   */
  routes(through: PlannedSubscription<C>, channel: string, isNew: boolean): readonly Route<C>[] {
    if (this.list === undefined) {
      this.list = [...this.all()];
      this.arePlain = this.list.every(isPlain);
    }
    if (this.arePlain && !isNew) return this.list;
    const routes: Route<C>[] = [];
    for (const binding of this.list) {
      const route = isPlain(binding) && !isNew ? binding : routeOf(binding, through, channel);
      if (route !== undefined) routes.push(route);
    }
    return routes;
  }

  private all(): Iterable<Binding<C>> {
    return this.bindings ?? (this.only === undefined ? NONE : [this.only]);
  }
}

const NONE: readonly never[] = [];

/** Every message is for its consumer: no other target can take precedence. Channels come before globs, without duplicates. */
function isPlain<C>({ subscription, target, isOnly }: Binding<C>): boolean {
  return subscription.target.kind !== 'pattern' || (isOnly && target.template === undefined);
}

/**
 * If several targets match, the first that is served delivers the event to the consumer, which sees it under the first that
 * matches.
 */
function routeOf<C>(
  binding: Binding<C>,
  through: PlannedSubscription<C>,
  channel: string,
): Route<C> | undefined {
  let first: Binding<C> | undefined;
  let newlyServed: Binding<C> | undefined;
  for (const own of binding.siblings) {
    const { server, target, isNew } = own.subscription;
    // Shard channels are a namespace of their own.
    if (target.kind === 'shard' || !own.target.matches(channel)) continue;
    first ??= own;
    if (server === undefined) continue;
    if (!isNew) return server === through && own === binding ? first : undefined;
    newlyServed ??= own;
  }
  return newlyServed === binding && binding.subscription.server === through ? first : undefined;
}

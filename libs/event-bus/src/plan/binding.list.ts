import type { HandlerTarget } from '../routing/handler-target.js';
import type { PlannedSubscription } from './planned.subscription.js';

/** Who gets an event, and the target that the event is for it: the first of its own that matches. */
export interface Route<C> {
  readonly consumer: C;
  readonly target: HandlerTarget;
}

/** One target of a consumer, and the subscription that it asks for. */
export interface Binding<C> extends Route<C> {
  readonly subscription: PlannedSubscription<C>;
  /** All of the consumer, in the order of its targets. */
  readonly siblings: readonly Binding<C>[];
  /** The consumer has no other. */
  readonly isOnly: boolean;
}

/** The bindings to one subscription: two of one consumer where it asks by a glob and by a template. */
export class BindingList<C> implements Iterable<Binding<C>> {
  private readonly bindings = new Set<Binding<C>>();
  /** Made of them when it is needed, and not changed then: a message may be on its way along it. */
  private list: readonly Binding<C>[] | undefined;
  private arePlain = true;

  get isEmpty(): boolean {
    return this.bindings.size === 0;
  }

  add(binding: Binding<C>): void {
    this.bindings.add(binding);
    this.list = undefined;
  }

  delete(binding: Binding<C>): void {
    this.bindings.delete(binding);
    this.list = undefined;
  }

  has(binding: Binding<C>): boolean {
    return this.bindings.has(binding);
  }

  [Symbol.iterator](): Iterator<Binding<C>> {
    return this.bindings.values();
  }

  /**
   * Those that get what comes `through` a subscription that serves this one.
   *
   * @param isNew whether it serves this one since a moment between two places of the byte stream
   */
  routes(through: PlannedSubscription<C>, channel: string, isNew: boolean): readonly Route<C>[] {
    if (this.list === undefined) {
      this.list = [...this.bindings];
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
}

/** What comes by it is for its consumer: nothing else can speak for it. Channels stand before globs, and each stands once. */
function isPlain<C>({ subscription, target, isOnly }: Binding<C>): boolean {
  return subscription.target.kind !== 'pattern' || (isOnly && target.template === undefined);
}

/**
 * Of several targets the first that matches and is served speaks for the consumer; the event is shown to it
 * under the first that matches.
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
    // A shard channel is a namespace of its own.
    if (target.kind === 'shard' || !own.target.matches(channel)) continue;
    first ??= own;
    if (server === undefined) continue;
    if (!isNew) return server === through && own === binding ? first : undefined;
    newlyServed ??= own;
  }
  return newlyServed === binding && binding.subscription.server === through ? first : undefined;
}

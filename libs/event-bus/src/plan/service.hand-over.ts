import type { PlannedSubscription } from './planned.subscription.js';
import type { ServiceStarts } from './service.starts.js';

/**
 * Which subscription serves which target, if several can. The server only changes when the broker has confirmed or released a
 * subscription. A subscription that is no longer needed stays until everything it serves has another live subscription.
 */
export class ServiceHandOver<C> {
  /** @param served called after its server has changed, or it has none any more */
  constructor(
    private readonly starts: ServiceStarts<C>,
    private readonly served: (subscription: PlannedSubscription<C>) => void,
  ) {}

  /** Serves it from an existing subscription. It had no server until now, so there is no hand-over. */
  begin(subscription: PlannedSubscription<C>): void {
    if (subscription.server !== undefined || !subscription.root.isLive) return;
    this.serve(subscription, subscription.root);
    this.starts.began(subscription);
  }

  /** No consumer wants it any more. */
  end(subscription: PlannedSubscription<C>): void {
    this.serve(subscription, undefined);
    succeed(subscription, undefined);
  }

  /** It is live from now on, and takes over the subscriptions that it must serve. */
  confirmed(subscription: PlannedSubscription<C>): void {
    for (const other of [subscription, ...(subscription.covered ?? [])]) this.settle(other);
    for (const other of subscription.interrupted ?? []) {
      if (other.isWanted && other.server === undefined) this.serve(other, subscription);
    }
  }

  /**
   * It delivers nothing from now on. Returns the subscriptions without a server, each with the one that was to serve it next.
   */
  released(subscription: PlannedSubscription<C>): [PlannedSubscription<C>, PlannedSubscription<C>][] {
    return [...subscription.served()].flatMap((other) => {
      const next = other.successor ?? subscription;
      this.settle(other);
      return other.server === undefined ? [[other, next]] : [];
    });
  }

  /**
   * Whether it is not needed any more: no subscription depends on it now, will depend on it, or has an interruption to report.
   */
  mayLeave(subscription: PlannedSubscription<C>): boolean {
    const { interrupted = [], successorOf = [], isWanted, root } = subscription;
    if (isWanted && !root.isLive) return false;
    for (const other of interrupted) if (other.isWanted) return false;
    for (const other of successorOf) if (other.isWanted) return false;
    for (const other of subscription.served()) if (!other.root.isLive) return false;
    return true;
  }

  /** It is about to be unsubscribed: on release, the subscriptions that it serves move to their roots. */
  leave(subscription: PlannedSubscription<C>): void {
    for (const other of subscription.served()) succeed(other, other.root);
  }

  /** Chooses its server after the broker has confirmed or released a subscription. */
  private settle(subscription: PlannedSubscription<C>): void {
    this.serve(subscription, serverFor(subscription));
  }

  private serve(subscription: PlannedSubscription<C>, server: PlannedSubscription<C> | undefined): void {
    if (subscription.server === server) return;
    subscription.server = server;
    this.starts.ended(subscription);
    succeed(subscription, undefined);
    this.served(subscription);
  }
}

function serverFor<C>(subscription: PlannedSubscription<C>): PlannedSubscription<C> | undefined {
  if (!subscription.isWanted) return undefined;
  const { root, server, successor } = subscription;
  if (root.isLive) return root;
  if (server?.isDelivering) return server;
  if (subscription.isLive) return subscription;
  return successor?.isLive ? successor : undefined;
}

function succeed<C>(
  subscription: PlannedSubscription<C>,
  successor: PlannedSubscription<C> | undefined,
): void {
  subscription.successor?.successorOf?.delete(subscription);
  subscription.successor = successor;
  if (successor === undefined) return;
  successor.successorOf ??= new Set();
  successor.successorOf.add(subscription);
}

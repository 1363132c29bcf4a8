import type { PlannedSubscription } from './planned.subscription.js';
import type { ServiceStarts } from './service.starts.js';

/**
 * Which subscription serves which target, where one can serve several. A service passes on only where the broker has confirmed
 * or released something, and what is on its way out stays until everything that it serves has a live subscription instead.
 */
export class ServiceHandOver<C> {
  /** @param served called after it is served by another one than before, or by none */
  constructor(
    private readonly starts: ServiceStarts<C>,
    private readonly served: (subscription: PlannedSubscription<C>) => void,
  ) {}

  /** Serves it from what is there already. Nobody delivered for it until now, so that nothing is handed over. */
  begin(subscription: PlannedSubscription<C>): void {
    if (subscription.server !== undefined || !subscription.root.isLive) return;
    this.serve(subscription, subscription.root);
    this.starts.began(subscription);
  }

  /** Nobody wants it any more. */
  end(subscription: PlannedSubscription<C>): void {
    this.serve(subscription, undefined);
    succeed(subscription, undefined);
  }

  /** It is live from here on: what it is to serve passes over to it. */
  confirmed(subscription: PlannedSubscription<C>): void {
    for (const other of [subscription, ...(subscription.covered ?? [])]) this.settle(other);
    for (const other of subscription.interrupted ?? []) {
      if (other.isWanted && other.server === undefined) this.serve(other, subscription);
    }
  }

  /** It delivers nothing from here on. Returns whom nobody serves now, each with who was to serve it next. */
  released(subscription: PlannedSubscription<C>): [PlannedSubscription<C>, PlannedSubscription<C>][] {
    return [...subscription.served()].flatMap((other) => {
      const next = other.successor ?? subscription;
      this.settle(other);
      return other.server === undefined ? [[other, next]] : [];
    });
  }

  /** Whether nobody needs it any more: whom it serves, whom it is to serve, and who is to be told of its interruption. */
  mayLeave(subscription: PlannedSubscription<C>): boolean {
    const { interrupted = [], successorOf = [], isWanted, root } = subscription;
    if (isWanted && !root.isLive) return false;
    for (const other of interrupted) if (other.isWanted) return false;
    for (const other of successorOf) if (other.isWanted) return false;
    for (const other of subscription.served()) if (!other.root.isLive) return false;
    return true;
  }

  /** The broker is to let go of it: where it releases it, those whom it serves pass over to their roots. */
  leave(subscription: PlannedSubscription<C>): void {
    for (const other of subscription.served()) succeed(other, other.root);
  }

  /** Chooses who serves it, where the broker has confirmed or released something. */
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

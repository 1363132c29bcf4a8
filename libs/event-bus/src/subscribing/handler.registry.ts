import type { EventDispatcher } from '../dispatching/event.dispatcher.js';
import type { EventHandler } from '../dispatching/event.handler.js';
import type { SubscriptionPlan } from '../routing/subscription-plan.js';
import type { EventTransport, SubscribeOutcome } from '../transports/event.transport.js';

/** The handlers of one bus, decorated or added at run time, and the subscriptions they need. */
export class HandlerRegistry {
  private readonly registered = new Set<EventHandler>();

  constructor(
    private readonly plan: SubscriptionPlan<EventHandler>,
    private readonly dispatcher: EventDispatcher,
    private readonly transport: EventTransport,
    /** Called when the broker sends nothing any more that only this handler wanted. */
    private readonly removed: (handler: EventHandler) => void,
  ) {}

  get handlers(): readonly EventHandler[] {
    return [...this.registered];
  }

  /** Resolves when the broker has answered for every target of these handlers. */
  async add(handlers: readonly EventHandler[]): Promise<readonly SubscribeOutcome[]> {
    for (const handler of handlers) {
      this.registered.add(handler);
      this.dispatcher.add(handler);
      this.plan.add(handler);
    }
    const targets = handlers.flatMap((handler) => handler.targets.map((target) => target.subscription));
    return this.transport.subscribe(targets);
  }

  /** The handler gets nothing from now on; resolves when the broker stopped sending what only it wanted. */
  async remove(handler: EventHandler): Promise<void> {
    if (!this.registered.delete(handler)) return;
    const unneeded = this.plan.remove(handler);
    this.dispatcher.remove(handler);
    await this.transport.unsubscribe(unneeded);
    if (unneeded.length > 0) this.removed(handler);
  }

  /** Resolves when the broker sends nothing any more. What it sent until then is still handled. */
  async unsubscribeAll(): Promise<void> {
    await this.transport.unsubscribe(this.plan.targets());
  }
}

import type { EventDispatcher } from '../dispatching/event.dispatcher.js';
import type { EventHandler } from '../dispatching/event.handler.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import type { SubscribeOutcome } from '../transports/event.transport.js';
import type { SubscriptionSync } from './subscription.sync.js';
import type { TargetAdvice } from './target.advice.js';

/** The handlers of one bus, decorated or added at run time, and the subscriptions they need. */
export class HandlerRegistry {
  private readonly registered = new Set<EventHandler>();
  /** Removed, but not reported yet. */
  private ended: EventHandler[] = [];

  constructor(
    private readonly sync: SubscriptionSync<EventHandler>,
    private readonly dispatcher: EventDispatcher,
    private readonly advice: TargetAdvice,
    /** Called once the broker sends nothing more that only these handlers wanted: one call for all that end together. */
    private readonly removed: (handlers: readonly EventHandler[]) => void,
  ) {}

  get handlers(): readonly EventHandler[] {
    return [...this.registered];
  }

  /** The subscriptions that serve this handler now, without duplicates. */
  subscriptionsOf(handler: EventHandler): readonly SubscriptionTarget[] {
    return this.sync.serversOf(handler);
  }

  /** Resolves when the broker has answered for every target of these handlers. */
  add(handlers: readonly EventHandler[]): Promise<readonly SubscribeOutcome[]> {
    for (const handler of handlers) {
      this.advice.give(handler);
      this.registered.add(handler);
      this.dispatcher.add(handler);
    }
    return this.sync.want(handlers);
  }

  /** The handler gets no more events; resolves when the broker stopped sending what only it wanted. */
  async remove(handler: EventHandler): Promise<void> {
    if (!this.registered.delete(handler)) return;
    this.dispatcher.remove(handler);
    const unwanted = await this.sync.unwant(handler);
    if (unwanted.length === 0) return;
    this.ended.push(handler);
    if (this.ended.length > 1) return;
    void Promise.resolve().then(() => {
      const ended = this.ended;
      this.ended = [];
      this.removed(ended);
    });
  }

  /** Resolves when the broker sends nothing more. Messages received until then are still handled. */
  unsubscribeAll(): Promise<void> {
    return this.sync.stop();
  }
}

import type { EventHandler } from '../dispatching/event.handler.js';
import type { EventBusRuntime } from '../module/event-bus.runtime.js';
import type { EventContext } from '../message/event-context.js';
import { parseTarget } from '../routing/handler-target.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import { targetKey } from '../routing/subscription-target.js';

/** A channel on which replies are awaited, while it is in use. */
export interface ReplyChannel {
  /** Resolves when the broker has confirmed the subscription: replies to requests that are sent afterwards arrive. */
  readonly confirmed: Promise<void>;
  readonly subscription: SubscriptionTarget;
}

interface HeldChannel extends ReplyChannel {
  readonly handler: EventHandler;
  users: number;
}

/** The reply channels of pending requests. Each is subscribed for the first request and unsubscribed after the last. */
export class ReplyChannels {
  private readonly held = new Map<string, HeldChannel>();

  constructor(
    private readonly runtime: EventBusRuntime,
    private readonly received: (event: EventContext) => void,
  ) {}

  get size(): number {
    return this.held.size;
  }

  /** Every call needs a {@link release}. */
  acquire(name: string): ReplyChannel {
    const target = parseTarget(name, this.runtime.settings.prefix, 'channel');
    const key = targetKey(target.subscription);
    const channel = this.held.get(key) ?? this.hold(key, target);
    channel.users += 1;
    return channel;
  }

  release({ subscription }: ReplyChannel): void {
    const key = targetKey(subscription);
    const channel = this.held.get(key);
    if (channel === undefined) return;
    channel.users -= 1;
    if (channel.users > 0) return;
    this.held.delete(key);
    this.runtime.registry.remove(channel.handler).catch(() => undefined);
  }

  private hold(key: string, target: EventHandler['targets'][number]): HeldChannel {
    const { received, runtime } = this;
    const handler: EventHandler = {
      name: 'replies',
      targets: [target],
      takesReplies: true,
      invoke: (event) => received(event),
    };
    const confirmed = runtime.registry.add([handler]).then(([outcome]) => {
      if (outcome?.error !== undefined) throw outcome.error;
    });
    // Callers that still wait for it get the error.
    confirmed.catch(() => undefined);
    const channel = { confirmed, subscription: target.subscription, handler, users: 0 };
    this.held.set(key, channel);
    return channel;
  }
}

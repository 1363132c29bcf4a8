import type { EventHandler } from '../dispatching/event.handler.js';
import { BusClosedError, StartupError } from '../errors.js';
import type { EventBusSettings } from '../module/event-bus.options.js';
import { EventBusRuntime } from '../module/event-bus.runtime.js';
import { EventBusSession } from '../module/event-bus.session.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';

type NamesOf = (target: SubscriptionTarget) => readonly string[];

/** One bus outside a Nest module. */
export class BusSession extends EventBusSession {
  /** @param released receives the targets that deliver nothing from here on, in stream order. */
  constructor(settings: EventBusSettings, released?: (targets: readonly SubscriptionTarget[]) => void) {
    super(new EventBusRuntime(settings, settings.transport, undefined, released));
  }

  /** Whether the connections are live, even if channels are denied. */
  get isLinked(): boolean {
    const { transport } = this.runtime;
    const live = ['active', 'denied'];
    return (
      transport.state.status === 'ready' ||
      transport.subscriptions().some(({ state }) => live.includes(state))
    );
  }

  /**
   * Connects and subscribes.
   * @param namesOf the patterns of a target that the broker refused
   * @throws StartupError, also when it was closed meanwhile.
   */
  async open(handlers: readonly EventHandler[], namesOf: NamesOf = () => []): Promise<void> {
    await this.connect();
    await this.subscribe(handlers, (target) => `patterns: ${namesOf(target).join(', ')}`);
    if (!this.isStopping) return;
    const cause = new BusClosedError();
    throw new StartupError(cause.message, { cause });
  }
}

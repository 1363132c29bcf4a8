import { EventDispatcher } from './dispatching/event.dispatcher.js';
import type { EventHandler } from './dispatching/event.handler.js';
import { EventReceiver } from './dispatching/event.receiver.js';
import type { EventBusTap } from './event-bus.observer.js';
import { EventBusObserver } from './event-bus.observer.js';
import type { EventBusSettings } from './event-bus.options.js';
import { EventBusInspector } from './introspection/event-bus.inspector.js';
import { EventBusStatus } from './introspection/event-bus.status.js';
import { EventBusPublisher } from './publishing/event-bus.publisher.js';
import { SubscriptionPlan } from './routing/subscription-plan.js';
import { EventBusSubscriber } from './subscribing/event-bus.subscriber.js';
import { HandlerRegistry } from './subscribing/handler.registry.js';
import type { EventTransport, TransportFactory, TransportState } from './transports/event.transport.js';

/** Every part of one bus, put together in the one place where they meet. */
export class EventBusRuntime {
  readonly observer: EventBusObserver;
  readonly dispatcher: EventDispatcher;
  readonly receiver: EventReceiver;
  readonly transport: EventTransport;
  readonly registry: HandlerRegistry;
  readonly status = new EventBusStatus();
  readonly publisher: EventBusPublisher;
  readonly subscriber: EventBusSubscriber;
  readonly inspector: EventBusInspector;

  constructor(
    readonly settings: EventBusSettings,
    factory: TransportFactory,
    tap: EventBusTap | undefined,
  ) {
    const { name, codec, prefix, maxPayloadBytes } = settings;
    const plan = new SubscriptionPlan<EventHandler>();
    let state: TransportState | undefined;

    this.observer = new EventBusObserver(name, tap);
    this.dispatcher = new EventDispatcher(this.observer);
    tap?.attached(this.dispatcher);
    this.receiver = new EventReceiver(
      { bus: name, codec, prefix, maxPayloadBytes },
      plan,
      this.dispatcher,
      this.observer,
    );
    this.transport = factory.create({
      message: (target, channel, body) => this.receiver.receive(target, channel, body),
      confirmed: (targets) => {
        plan.confirm(targets);
        this.observer.subscribed(targets);
      },
      released: (targets) => plan.release(targets),
      resumed: () => undefined,
      sendable: () => undefined,
      warned: () => undefined,
      state: (next) => {
        this.observer.stateChanged(next, state);
        state = next;
        this.status.update(next);
      },
    });
    this.registry = new HandlerRegistry(plan, this.dispatcher, this.transport);
    this.publisher = new EventBusPublisher(settings, this.transport, this.observer);
    this.subscriber = new EventBusSubscriber(settings, this.registry, this.status, this.observer);
    this.inspector = new EventBusInspector(
      settings,
      this.transport,
      this.registry,
      this.dispatcher,
      this.receiver,
      this.observer,
      this.status,
    );
  }
}

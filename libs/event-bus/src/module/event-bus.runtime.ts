import { CallContext } from '../dispatching/call.context.js';
import { EventDispatcher } from '../dispatching/event.dispatcher.js';
import { readsText } from '../message/text.decoders.js';
import { matcherOf } from '../routing/handler-target.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import type { EventHandler } from '../dispatching/event.handler.js';
import type { DeadLetterSink } from '../dispatching/dead.letter.js';
import { EventReceiver } from '../dispatching/event.receiver.js';
import { GroupClaims } from '../dispatching/group.claims.js';
import { resolveHandlerSettings } from '../dispatching/handler.options.js';
import { StuckWatch } from '../dispatching/stuck.watch.js';
import { NotSupportedError } from '../errors.js';
import type { BusAccess } from './bus.access.js';
import type { EventBusSettings } from './event-bus.options.js';
import type { BusTestKit } from './event-bus.test-kit.js';
import type { Gap } from '../gaps/gap.js';
import { GapReporter } from '../gaps/gap.reporter.js';
import { SequenceTracker } from '../gaps/sequence.tracker.js';
import { GapHandlers } from '../handlers/gap.handlers.js';
import { EventBusInspector } from '../introspection/event-bus.inspector.js';
import { EventBusStatus } from '../introspection/event-bus.status.js';
import { StatusSource } from '../introspection/status.source.js';
import { keyEvents } from '../keyspace/key-event.reader.js';
import { BusObservation } from '../observing/bus.observation.js';
import type { BusReporter } from '../observing/bus.reporter.js';
import type { EventBusObservers } from '../observing/event-bus.observers.js';
import type { PublishHooks } from '../observing/publish.hooks.js';
import { DeadLetterPublisher } from '../publishing/dead-letter.publisher.js';
import { EventBusPublisher, sendBuffered } from '../publishing/event-bus.publisher.js';
import { FramePacker } from '../publishing/frame.packer.js';
import { PublishBatcher } from '../publishing/publish.batcher.js';
import type { SubscriptionPlan } from '../plan/subscription-plan.js';
import { subscriptionPlan } from '../plan/subscription-plan.js';
import { EventBusSubscriber } from '../subscribing/event-bus.subscriber.js';
import { HandlerRegistry } from '../subscribing/handler.registry.js';
import { SubscriptionSync } from '../subscribing/subscription.sync.js';
import { TargetAdvice } from '../subscribing/target.advice.js';
import { InTurnListener } from '../transports/in-turn.listener.js';
import type {
  EventTransport,
  TransportFactory,
  TransportListener,
  TransportState,
} from '../transports/event.transport.js';

/** All parts of one bus, wired together. */
export class EventBusRuntime {
  readonly reporter: BusReporter;
  readonly observers: EventBusObservers;
  readonly publishHooks: PublishHooks;
  readonly gaps: GapReporter;
  readonly gapHandlers: GapHandlers;
  readonly stuckWatch = new StuckWatch();
  readonly dispatcher: EventDispatcher;
  readonly receiver: EventReceiver;
  readonly transport: EventTransport;
  readonly registry: HandlerRegistry;
  readonly context = new CallContext();
  readonly statusSource = new StatusSource(
    (error) => this.reporter.listenerFailed('EventBusStatus', error),
    this.context,
  );
  readonly status = new EventBusStatus(this.statusSource);
  readonly batcher: PublishBatcher;
  readonly publisher: EventBusPublisher;
  readonly deadLetters: DeadLetterPublisher;
  readonly subscriber: EventBusSubscriber;
  readonly inspector: EventBusInspector;
  private readonly sync: SubscriptionSync<EventHandler>;

  constructor(
    readonly settings: EventBusSettings,
    readonly factory: TransportFactory,
    kit?: BusTestKit,
    /** Receives the targets that deliver nothing from here on, in stream order. */
    private readonly released: (targets: readonly SubscriptionTarget[]) => void = () => undefined,
  ) {
    const { name, codec, prefix, maxPayloadBytes, coalesce } = settings;
    const plan = subscriptionPlan<EventHandler>({ coalesce });
    const { stuckAfterMs } = resolveHandlerSettings({}, settings.handlerDefaults);
    const observers = [...settings.observers, ...(kit?.observers ?? [])];
    const observation = new BusObservation({ ...settings, observers, stuckAfterMs }, this.stuckWatch);
    const { reporter, handleHooks } = observation;
    this.reporter = reporter;
    this.publishHooks = observation.publishHooks;
    this.observers = observation.observers;
    this.gapHandlers = new GapHandlers(reporter, this.stuckWatch, this.context, stuckAfterMs);
    const tracker = codec.stamp === undefined ? undefined : new SequenceTracker();
    this.gaps = new GapReporter(tracker, (gap) => this.tell(gap));
    const claims = new GroupClaims(prefix.prefix, (key, ttlMs) => this.claim(key, ttlMs));
    // Created later: dead letters are published through the transport, which delivers to the receiver.
    const deadLetters: DeadLetterSink = { send: (...letter) => this.deadLetters.send(...letter) };
    const { gaps } = this;
    const services = { reporter, deadLetters, gaps, claims, watch: this.stuckWatch, context: this.context };
    this.dispatcher = new EventDispatcher(services, (handler) => handleHooks.around(handler));
    observation.registry.onChange(() => this.dispatcher.rewrap());
    this.receiver = new EventReceiver({ bus: name, codec, prefix, maxPayloadBytes }, plan, {
      dispatcher: this.dispatcher,
      reporter,
      deadLetters,
      gaps,
      brokerChannels: keyEvents,
    });
    const carrier = settings.sendsPackets === true ? { name: codec.name, carriesMetadata: true } : codec;
    this.transport = observation.transportHooks.around(this.open(factory), carrier);
    const packer = codec.frames?.areSent ? new FramePacker(codec.frames, maxPayloadBytes) : undefined;
    this.batcher = new PublishBatcher(this.transport, settings.batching, packer);
    const { transport, batcher, publishHooks } = this;
    this.publisher = new EventBusPublisher(settings, transport, batcher, reporter, publishHooks);
    this.deadLetters = new DeadLetterPublisher(this.publisher, reporter);

    kit?.attached(this, prefix.prefix);
    this.sync = new SubscriptionSync(plan, this.transport, gaps);
    this.registry = new HandlerRegistry(this.sync, this.dispatcher, new TargetAdvice(reporter), (handlers) =>
      this.forgetCounts(handlers, plan),
    );
    this.subscriber = new EventBusSubscriber(settings, this.registry, this.status, reporter);
    this.inspector = new EventBusInspector(
      settings,
      this.transport,
      this.registry,
      this.dispatcher,
      this.receiver,
      reporter,
      this.status,
      this.gaps,
    );
    const { inspector, access } = this;
    observation.registry.attach({ bus: name, inspector, observers: this.observers, access });
  }

  /** For what stands beside the bus. */
  get access(): BusAccess {
    const { transport, factory, settings, reporter } = this;
    const { prefix, codec } = settings;
    return { transport, factory, prefix: prefix.prefix, codec, warn: (notice) => reporter.warned(notice) };
  }

  /** Resolves when all received messages have been passed on, and no handler is running or has pending events. */
  async whenIdle(): Promise<void> {
    do {
      await this.receiver.whenIdle();
      await this.dispatcher.whenIdle();
    } while (!this.receiver.isIdle);
  }

  /** Forgets the counts of channels that no handler wants any more. */
  private forgetCounts(gone: readonly EventHandler[], plan: SubscriptionPlan<EventHandler>): void {
    const isGone = matcherOf(gone.flatMap(({ targets }) => targets));
    this.gaps.forget((channel) => {
      const raw = this.settings.prefix.addToChannel(channel);
      return isGone(raw) && !plan.isWanted(raw);
    });
  }

  private open(factory: TransportFactory): EventTransport {
    const { maxPayloadBytes, codec } = this.settings;
    return factory.create(
      new InTurnListener(this.listener(), (error) => this.reporter.listenerFailed('transport', error)),
      { maxPayloadBytes, takesText: readsText(codec) },
    );
  }

  private listener(): TransportListener {
    let state: TransportState | undefined;
    return {
      message: this.receiver.receive,
      confirmed: (targets) => {
        this.sync.confirmed(targets);
        this.reporter.subscribed(targets);
      },
      released: (targets) => {
        this.sync.released(targets);
        this.released(targets);
      },
      denied: (targets, sinceMs) => {
        this.sync.denied(targets, sinceMs);
        this.reporter.denied(targets);
      },
      resumed: (interruption) => this.sync.resumed(interruption),
      writable: () => sendBuffered(this.publisher),
      state: (next) => {
        const previous = state;
        state = next;
        this.statusSource.update(next);
        this.reporter.stateChanged(next, previous);
      },
      warned: (warning) => this.reporter.warned(warning),
    };
  }

  private tell(gap: Gap): void {
    this.statusSource.report(gap);
    this.gapHandlers.handle(gap);
    this.reporter.gap(gap);
  }

  private async claim(key: string, ttlMs: number): Promise<boolean> {
    const { transport } = this;
    if (transport.claim === undefined) {
      throw new NotSupportedError(
        `The ${transport.name} transport does not support claims. Leave out group.`,
      );
    }
    return transport.claim(key, ttlMs);
  }
}

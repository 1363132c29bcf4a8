import type { EventDispatcher, HandlerWork } from '../dispatching/event.dispatcher.js';
import { NO_WORK } from '../dispatching/event.dispatcher.js';
import type { EventReceiver } from '../dispatching/event.receiver.js';
import type { EventBusSettings } from '../module/event-bus.options.js';
import type { BusReporter } from '../observing/bus.reporter.js';
import type { EventBusCounters } from '../observing/event-bus.counters.js';
import type { HandlerRegistry } from '../subscribing/handler.registry.js';
import type {
  EventTransport,
  PublishBatching,
  SubscriptionKind,
  SubscriptionState,
  TransportLink,
} from '../transports/event.transport.js';
import type { GapReporter } from '../gaps/gap.reporter.js';
import type { EventBusState, EventBusStatus } from './event-bus.status.js';
import { BrokerQuestions } from './broker.questions.js';
import type { EventBusDescription } from './bus.description.js';
import { describeBus } from './bus.description.js';
import { BusInstance } from './bus.instance.js';
import type { EventBusInstance } from './bus.instance.js';

/** The state of one bus in this process, as plain JSON: no payloads, no secrets. */
export interface EventBusSnapshot {
  /** The name of the bus. */
  readonly bus: string;
  /** The service it belongs to, and where that runs. */
  readonly instance: EventBusInstance;
  /** Whether it works right now, as {@link EventBusStatus.current}. */
  readonly status: EventBusState;
  /** Why it is not ready. Absent when it is. */
  readonly reason?: string;
  /** The transport, e.g. `redis`, and the address it connects to, without credentials. */
  readonly transport: { readonly name: string; readonly address: string };
  /** The connections, and when each was last known to work. Empty if the transport has none, as `memory()`. */
  readonly links: readonly TransportLink[];
  /** Absent if the transport sends nothing together, such as `memory()`. */
  readonly publishing?: {
    /** How events of the same tick are sent: in one write as a `pipeline`, by Redis; `off` by the option `batching`. */
    readonly batching: PublishBatching | 'off';
  };
  /** The name of the codec, e.g. `json`. */
  readonly codec: string;
  /** The application's prefix, `''` when it has none. */
  readonly prefix: string;
  /** Every handler and every listener that was added at run time. */
  readonly handlers: readonly HandlerSnapshot[];
  /** Every subscription that the bus requires. */
  readonly subscriptions: readonly SubscriptionSnapshot[];
  /**
   * Counted since the start of the process. `received` counts messages; `unmatched` counts those that matched no template;
   * `unsequenced` counts events without a sequence number.
   */
  readonly counters: EventBusCounters & {
    readonly received: number;
    readonly unmatched: number;
    readonly unsequenced: number;
  };
}

/** One handler, and how much work it has. */
export interface HandlerSnapshot extends HandlerWork {
  /** `OrderNotifier.notify`, or `listener` for one added at run time. */
  readonly handler: string;
  /** As written, channels before globs. */
  readonly targets: readonly string[];
  /**
   * The `target` of each subscription that serves it now; another handler may have requested it. Empty while none is confirmed.
   */
  readonly subscriptions: readonly string[];
}

/** One subscription at Redis, and its state. */
export interface SubscriptionSnapshot {
  /** The command that makes it: SUBSCRIBE, PSUBSCRIBE or SSUBSCRIBE. */
  readonly kind: SubscriptionKind;
  /** With the application's prefix, as Redis knows it. */
  readonly target: string;
  /** `active` when Redis has confirmed it on the current link. */
  readonly state: SubscriptionState;
  /** Why Redis denied it. */
  readonly reason?: string;
}

/** Queries the broker (PUBSUB …) and this process. Channel names are passed and returned without the prefix. */
export class EventBusInspector {
  private readonly broker: BrokerQuestions;
  private readonly instance: BusInstance;

  constructor(
    private readonly settings: EventBusSettings,
    private readonly transport: EventTransport,
    private readonly registry: HandlerRegistry,
    private readonly dispatcher: EventDispatcher,
    private readonly receiver: EventReceiver,
    private readonly reporter: BusReporter,
    /** Whether the bus works right now, and its gaps. */
    readonly status: EventBusStatus,
    private readonly gaps: GapReporter,
  ) {
    this.broker = new BrokerQuestions(transport, settings.prefix);
    this.instance = new BusInstance(settings.instance);
  }

  /**
   * Channels with at least one subscriber in any process (PUBSUB CHANNELS). Patterns do not count.
   * @param pattern a Redis glob. Defaults to all channels.
   */
  async channels(pattern = '*'): Promise<string[]> {
    return this.broker.channels('channels', pattern);
  }

  /** Shard channels with at least one subscriber (PUBSUB SHARDCHANNELS, Redis 7.0). */
  async shardChannels(pattern = '*'): Promise<string[]> {
    return this.broker.channels('shardChannels', pattern);
  }

  /** Subscribers per channel over all processes, without patterns (PUBSUB NUMSUB). */
  async subscriberCounts(channels: readonly string[]): Promise<Map<string, number>> {
    return this.broker.counts('subscriberCounts', channels);
  }

  /** Subscribers per shard channel (PUBSUB SHARDNUMSUB, Redis 7.0). */
  async shardSubscriberCounts(channels: readonly string[]): Promise<Map<string, number>> {
    return this.broker.counts('shardSubscriberCounts', channels);
  }

  /**
   * The number of distinct patterns that any client is subscribed to (PUBSUB NUMPAT), including those of other applications.
   */
  async patternCount(): Promise<number> {
    return this.broker.patternCount();
  }

  /**
   * What the bus is made of: handlers, their targets and options, and contracts. Sends no command. Handlers are known from the
   * application's bootstrap on.
   */
  describe(): EventBusDescription {
    return describeBus(this.settings, this.transport, this.registry.handlers);
  }

  /**
   * Resolves when the broker has answered a command, with any answer.
   * @throws NotConnectedError without a connection, or after 5 seconds; NotSupportedError if the transport has no `ping()`
   */
  async ping(): Promise<void> {
    return this.broker.ping();
  }

  /** The state of the bus in this process right now. Sends no command, so it works without a connection. */
  snapshot(): EventBusSnapshot {
    const { settings, transport, status } = this;
    const work = this.dispatcher.snapshot();
    const { reason } = status;
    return {
      bus: settings.name,
      instance: this.instance.read(),
      status: status.current,
      ...(reason === undefined ? {} : { reason }),
      transport: { name: transport.name, address: transport.address },
      links: transport.links?.() ?? [],
      ...(transport.batching === undefined
        ? {}
        : { publishing: { batching: settings.batching ? transport.batching : 'off' } }),
      codec: settings.codec.name,
      prefix: settings.prefix.prefix,
      handlers: this.registry.handlers.map((handler) => {
        const { handler: _name, ...state } = work.get(handler) ?? { handler: handler.name, ...NO_WORK };
        const targets = handler.targets.map(({ text }) => text);
        const subscriptions = this.registry.subscriptionsOf(handler).map(({ name }) => name);
        return { handler: handler.name, targets, subscriptions, ...state };
      }),
      subscriptions: transport.subscriptions().map(({ target, ...rest }) => ({
        kind: target.kind,
        target: target.name,
        ...rest,
      })),
      counters: {
        ...this.reporter.counters,
        received: this.receiver.receivedMessages,
        unmatched: this.receiver.unmatchedMessages,
        unsequenced: this.gaps.unsequencedEvents,
      },
    };
  }
}

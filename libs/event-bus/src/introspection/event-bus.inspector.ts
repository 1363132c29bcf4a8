import type { EventDispatcher, HandlerWork } from '../dispatching/event.dispatcher.js';
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
} from '../transports/event.transport.js';
import type { GapReporter } from '../gaps/gap.reporter.js';
import type { EventBusState, EventBusStatus } from './event-bus.status.js';
import { BrokerQuestions } from './broker.questions.js';

/** This process's side of one bus, as plain JSON: no payloads, no secrets. */
export interface EventBusSnapshot {
  /** The name of the bus. */
  readonly bus: string;
  /** Whether it works right now, as {@link EventBusStatus.current}. */
  readonly status: EventBusState;
  /** Why it is not ready. Absent when it is. */
  readonly reason?: string;
  /** What it travels by, e.g. `redis`, and where that connects to, without credentials. */
  readonly transport: { readonly name: string; readonly address: string };
  /** Absent where the transport has no round trips to save, such as `memory()`. */
  readonly publishing?: {
    /**
     * How events leave that are published in one tick: as one `script` (EVAL), one by one in a `pipeline` because Redis runs
     * no scripts for this user, `undecided` until two have been published together; `off` by the option `batching`.
     */
    readonly batching: PublishBatching | 'off';
  };
  /** The name of the codec, e.g. `json`. */
  readonly codec: string;
  /** The application's prefix, `''` when it has none. */
  readonly prefix: string;
  /** Every handler and every listener that was added at run time. */
  readonly handlers: readonly HandlerSnapshot[];
  /** Every subscription that the bus wants from Redis. */
  readonly subscriptions: readonly SubscriptionSnapshot[];
  /**
   * Counted since the start of the process. `received` counts messages; `unmatched` those that no template meant;
   * `unsequenced` events that say nothing of how many came before them.
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
   * The `target` of each subscription that serves it now, which may be one that another handler asked for. Empty while none
   * is confirmed.
   */
  readonly subscriptions: readonly string[];
}

/** One subscription at Redis, and what state it is in. */
export interface SubscriptionSnapshot {
  /** By which command it is made: SUBSCRIBE, PSUBSCRIBE or SSUBSCRIBE. */
  readonly kind: SubscriptionKind;
  /** With the application's prefix, as Redis knows it. */
  readonly target: string;
  /** `active` when Redis has confirmed it on the link that is alive now. */
  readonly state: SubscriptionState;
  /** Why Redis denied it. */
  readonly reason?: string;
}

const NO_WORK: HandlerWork = { handler: '', running: 0, waiting: 0, waitingBytes: 0, dropped: 0 };

/** Looks at the broker (PUBSUB …) and at this process. Channel names go in and come out without the prefix. */
export class EventBusInspector {
  private readonly broker: BrokerQuestions;

  constructor(
    private readonly settings: EventBusSettings,
    private readonly transport: EventTransport,
    private readonly registry: HandlerRegistry,
    private readonly dispatcher: EventDispatcher,
    private readonly receiver: EventReceiver,
    private readonly reporter: BusReporter,
    private readonly status: EventBusStatus,
    private readonly gaps: GapReporter,
  ) {
    this.broker = new BrokerQuestions(transport, settings.prefix);
  }

  /**
   * Channels with at least one subscriber in any process (PUBSUB CHANNELS); patterns do not count.
   * @param pattern a Redis glob. All channels when left out.
   */
  async channels(pattern = '*'): Promise<string[]> {
    return this.broker.channels('channels', pattern);
  }

  /** Shard channels with at least one subscriber (PUBSUB SHARDCHANNELS, Redis 7.0). */
  async shardChannels(pattern = '*'): Promise<string[]> {
    return this.broker.channels('shardChannels', pattern);
  }

  /** Subscribers per channel over all processes, patterns not counted (PUBSUB NUMSUB). */
  async subscriberCounts(channels: readonly string[]): Promise<Map<string, number>> {
    return this.broker.counts('subscriberCounts', channels);
  }

  /** Subscribers per shard channel (PUBSUB SHARDNUMSUB, Redis 7.0). */
  async shardSubscriberCounts(channels: readonly string[]): Promise<Map<string, number>> {
    return this.broker.counts('shardSubscriberCounts', channels);
  }

  /** Distinct patterns that anybody is subscribed to (PUBSUB NUMPAT), of other applications too. */
  async patternCount(): Promise<number> {
    return this.broker.patternCount();
  }

  /** What this process knows of the bus right now. Asks nobody, so it works without a connection. */
  snapshot(): EventBusSnapshot {
    const { settings, transport, status } = this;
    const work = this.dispatcher.snapshot();
    const { reason } = status;
    return {
      bus: settings.name,
      status: status.current,
      ...(reason === undefined ? {} : { reason }),
      transport: { name: transport.name, address: transport.address },
      ...(transport.batching === undefined
        ? {}
        : { publishing: { batching: settings.batching ? transport.batching : 'off' } }),
      codec: settings.codec.name,
      prefix: settings.prefix.prefix,
      handlers: this.registry.handlers.map((handler) => {
        const { handler: _name, ...state } = work.get(handler) ?? NO_WORK;
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

import { PublishManyError } from '../errors.js';
import type { EventBusSettings } from '../module/event-bus.options.js';
import type { EventContract, EventInput } from '../contracts/event.contract.js';
import type { ChannelPayload } from '../contracts/event.map.js';
import type { BusReporter } from '../observing/bus.reporter.js';
import type { PublishHooks } from '../observing/publish.hooks.js';
import type { EventTransport, PublishOutcome } from '../transports/event.transport.js';
import { AbortWatch } from './abort.watch.js';
import { BoundedSender, sendingTerms } from './bounded.sender.js';
import type { Attempt, PreparedEvent } from './event.preparer.js';
import { EventPreparer } from './event.preparer.js';
import type { EventBatch } from './hooked.attempts.js';
import { HookedAttempts, whenChecked } from './hooked.attempts.js';
import type { PublishBatcher } from './publish.batcher.js';
import { PublishBuffer } from './publish.buffer.js';
import type { Settle } from './publish.call.js';
import { PublishCall } from './publish.call.js';
import type {
  ChannelPublishArguments,
  ContractPublishArguments,
  EventToPublish,
  MissingParams,
  PublishManyOptions,
  PublishOptions,
} from './publish.options.js';

/** Sends the buffered events once the transport can send again. Not part of the public API. */
export let sendBuffered: (publisher: EventBusPublisher) => void;

/**
 * Hands over the events that were published in this tick, and rejects the buffered ones with a BusClosedError. Called before
 * the transport is closed. Not part of the public API.
 */
export let closePublisher: (publisher: EventBusPublisher) => void;

/** Publishes events: PUBLISH, or SPUBLISH for `kind: 'shard'`. */
export class EventBusPublisher {
  private readonly preparer: EventPreparer;
  private readonly hookedAttempts: HookedAttempts;
  private readonly sender: BoundedSender;
  private readonly buffer: PublishBuffer;

  static {
    sendBuffered = ({ buffer }) => buffer.sendBuffered();
    closePublisher = ({ buffer, batcher }) => {
      buffer.close();
      batcher.flush();
    };
  }

  constructor(
    settings: EventBusSettings,
    transport: EventTransport,
    private readonly batcher: PublishBatcher,
    private readonly reporter: BusReporter,
    private readonly hooks: PublishHooks,
  ) {
    const aborts = new AbortWatch();
    this.preparer = new EventPreparer(settings, transport);
    const carriesMetadata = settings.codec.carriesMetadata === true;
    this.hookedAttempts = new HookedAttempts(this.preparer, carriesMetadata, hooks, reporter);
    this.buffer = new PublishBuffer(aborts);
    this.sender = new BoundedSender(batcher, this.buffer, aborts);
  }

  /**
   * Resolves once Redis has accepted the event, with the number of subscriptions that Redis reports. That is a
   * hint, not a receipt: it counts subscriptions, not handlers, and on a Cluster only those of one node. The
   * payload is serialized during the call; later changes to it are not sent.
   *
   * With a contract, `payload` is the input of its schema: it is validated first, and sent unchanged. `params` fill the
   * contract's template. On a channel of the {@link EventMap}, `payload` has the type given there.
   *
   * @throws InvalidChannelError, InvalidOptionError, PayloadInvalidError, PayloadEncodeError, PayloadTooLargeError:
   * nothing was sent.
   * @throws NotConnectedError, PublishBufferFullError, BusClosedError, PublishRefusedError: nothing was delivered. With
   * `whenDisconnected: { bufferMs }` the event is buffered for up to that long before NotConnectedError is thrown.
   * @throws PublishUnconfirmedError the reply was lost or late: the event may have been delivered.
   */
  publish<C extends EventContract>(
    contract: C,
    payload: EventInput<C>,
    ...options: ContractPublishArguments<C>
  ): Promise<number>;
  publish<Channel extends string, Template extends string = never>(
    channel: Channel | MissingParams<Template>,
    payload: ChannelPayload<Channel>,
    ...options: ChannelPublishArguments<Template>
  ): Promise<number>;
  publish(
    channel: string | EventContract,
    payload: unknown,
    options?: PublishOptions & Pick<EventToPublish, 'params'>,
  ): Promise<number> {
    const startedMs = this.reporter.timesPublishes ? performance.now() : 0;
    return new Promise((resolve, reject) => {
      const event = options === undefined ? { channel, payload } : { ...options, channel, payload };
      const attempt = this.attempt(event);
      const settle = (outcome: PublishOutcome) => {
        this.report(event, attempt, startedMs, outcome);
        if ('error' in outcome) reject(outcome.error);
        else resolve(outcome.subscriptions);
      };
      // Awaited only where the schema is asynchronous, so that events are sent in call order.
      if ('checked' in attempt)
        void whenChecked(attempt).then((checked) => this.send(checked, options, settle));
      else if (options !== undefined || 'error' in attempt) this.send(attempt, options, settle);
      else this.batcher.add(new PublishCall(attempt, settle));
    });
  }

  /**
   * Publishes the events in order, and attempts all of them, even after a failure. Resolves with the number of
   * subscriptions that Redis reports for each.
   *
   * @throws PublishManyError when any of them failed, with one outcome per event.
   * @throws InvalidOptionError, or the reason of a signal that is aborted already: nothing was sent.
   */
  async publishMany(events: readonly EventToPublish[], options?: PublishManyOptions): Promise<number[]> {
    const startedMs = this.reporter.timesPublishes ? performance.now() : 0;
    // Wrong options fail the whole call.
    if (options !== undefined) sendingTerms(options);
    const batch = this.hooks.isEmpty ? undefined : { size: events.length };
    const attempts = events.map((event) => this.attempt(event, batch));
    const checked = attempts.some((attempt) => 'checked' in attempt)
      ? await Promise.all(attempts.map(whenChecked))
      : attempts;
    const sending = events.map(
      (event, index) =>
        new Promise<PublishOutcome>((resolve) => {
          const attempt = checked[index] as Attempt;
          this.send(attempt, options, (outcome) => {
            this.report(event, attempt, startedMs, outcome);
            resolve(outcome);
          });
        }),
    );
    const outcomes = await Promise.all(sending);
    if (outcomes.some((outcome) => 'error' in outcome)) throw new PublishManyError(outcomes);
    return outcomes.map((outcome) => (outcome as { subscriptions: number }).subscriptions);
  }

  private attempt(event: EventToPublish, batch?: EventBatch): Attempt {
    if (this.hooks.isEmpty) return this.preparer.attempt(event);
    return this.hookedAttempts.prepare(event, batch);
  }

  private send(attempt: Attempt, options: PublishManyOptions | undefined, settle: Settle): void {
    if ('error' in attempt) settle({ error: attempt.error });
    else if (options === undefined) this.batcher.add(new PublishCall(attempt, settle));
    else this.sender.send(attempt, options, settle);
  }

  /** Every outcome passes here, before the caller hears of it. */
  private report(event: EventToPublish, attempt: Attempt, startedMs: number, outcome: PublishOutcome): void {
    if ('error' in outcome) {
      this.reporter.publishFailed(event?.channel, outcome.error, startedMs, event?.kind);
    } else {
      const { channel, payload } = event;
      this.reporter.published(attempt as PreparedEvent, channel, payload, outcome.subscriptions, startedMs);
    }
    attempt.hooked?.settled(outcome);
  }
}

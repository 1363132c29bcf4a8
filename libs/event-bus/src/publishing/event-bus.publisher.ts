import { PublishManyError } from '../errors.js';
import type { EventBusSettings } from '../event-bus.options.js';
import type { EventContract, EventInput } from '../contracts/event.contract.js';
import type { BusReporter } from '../observing/bus.reporter.js';
import type { EventTransport, PublishOutcome } from '../transports/event.transport.js';
import { AbortWatch } from './abort.watch.js';
import type { PreparedEvent } from './event.preparer.js';
import { EventPreparer } from './event.preparer.js';
import type { SendingTerms } from './message.sender.js';
import { MessageSender, sendingTerms } from './message.sender.js';
import type { PublishBatcher } from './publish.batcher.js';
import { PublishBuffer } from './publish.buffer.js';
import type {
  ContractPublishArguments,
  EventToPublish,
  PublishManyOptions,
  PublishOptions,
} from './publish.options.js';

type Attempt = PreparedEvent | { readonly error: Error };

/** Messages can be sent again: sends the events that wait for it. Not part of the public API. */
export let resumePublisher: (publisher: EventBusPublisher) => void;

/**
 * Hands over what is to leave with this tick, and rejects the events that wait for the link with a BusClosedError; for the
 * owner of the transport, who closes it. Not part of the public API.
 */
export let closePublisher: (publisher: EventBusPublisher) => void;

/** Publishes events: PUBLISH, or SPUBLISH for `kind: 'shard'`. */
export class EventBusPublisher {
  private readonly preparer: EventPreparer;
  private readonly sender: MessageSender;
  private readonly buffer: PublishBuffer;

  static {
    resumePublisher = ({ buffer }) => buffer.resume();
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
  ) {
    const aborts = new AbortWatch();
    this.preparer = new EventPreparer(settings, transport);
    this.buffer = new PublishBuffer(aborts);
    this.sender = new MessageSender(batcher, this.buffer, aborts);
  }

  /**
   * Resolves once Redis has accepted the event, with the number of subscriptions that Redis reports. That is a
   * hint, not a receipt: it counts subscriptions, not handlers, and on a Cluster only those of one node. The
   * payload is serialized in the call; later changes to it do not travel.
   *
   * With a contract, `payload` is the input of its schema, which is checked before a byte leaves and sent as it was
   * given; `params` fill its template.
   *
   * @throws InvalidChannelError, InvalidOptionError, PayloadInvalidError, PayloadEncodeError, PayloadTooLargeError:
   * nothing was sent.
   * @throws NotConnectedError, PublishBufferFullError, BusClosedError, PublishRefusedError: nothing was delivered. With
   * `whenDisconnected: { bufferMs }` it buffers the event for up to that long before the first of these.
   * @throws PublishUnconfirmedError the reply was lost or late: it may have been delivered.
   */
  publish<C extends EventContract>(
    contract: C,
    payload: EventInput<C>,
    ...options: ContractPublishArguments<C>
  ): Promise<number>;
  publish(channel: string, payload: unknown, options?: PublishOptions): Promise<number>;
  publish(
    channel: string | EventContract,
    payload: unknown,
    options: PublishOptions & Pick<EventToPublish, 'params'> = {},
  ): Promise<number> {
    const startedMs = this.reporter.startPublish();
    return new Promise((resolve, reject) => {
      const failed = (error: unknown) => {
        this.reporter.publishFailed(channel, error, startedMs);
        reject(error as Error);
      };
      const send = (event: PreparedEvent) =>
        this.sender.send(event, sendingTerms(options), (outcome) => {
          if ('error' in outcome) return failed(outcome.error);
          this.reporter.published(event, channel, payload, outcome.subscriptions, startedMs);
          resolve(outcome.subscriptions);
        });
      try {
        const event = this.preparer.prepare(channel, payload, options);
        // Awaited only where the schema is asynchronous, so that publishes keep the order of their calls.
        if (event.checked === undefined) send(event);
        else event.checked.then(() => send(event)).catch(failed);
      } catch (error) {
        failed(error);
      }
    });
  }

  /**
   * Publishes in the order given and attempts all, also after a failure. Resolves with the number that Redis
   * reports for each.
   *
   * @throws PublishManyError when any of them failed, with one outcome per event.
   */
  async publishMany(events: readonly EventToPublish[], options: PublishManyOptions = {}): Promise<number[]> {
    const startedMs = this.reporter.startPublish();
    const attempts = events.map((event) => this.tryPrepare(event));
    const isAsync = attempts.some((attempt) => 'checked' in attempt);
    const prepared = isAsync ? await Promise.all(attempts.map(whenChecked)) : attempts;
    const terms = prepared.some((item) => 'message' in item) ? sendingTerms(options) : undefined;
    const outcomes = await Promise.all(
      prepared.map(async (item): Promise<PublishOutcome> =>
        'error' in item || terms === undefined ? (item as PublishOutcome) : this.outcomeOf(item, terms),
      ),
    );
    outcomes.forEach((outcome, index) => {
      const item = prepared[index] as PreparedEvent;
      const { channel, payload } = events[index] as EventToPublish;
      if ('error' in outcome) this.reporter.publishFailed(channel, outcome.error, startedMs);
      else this.reporter.published(item, channel, payload, outcome.subscriptions, startedMs);
    });
    if (outcomes.some((outcome) => 'error' in outcome)) throw new PublishManyError(outcomes);
    return outcomes.map((outcome) => (outcome as { subscriptions: number }).subscriptions);
  }

  private outcomeOf(event: PreparedEvent, terms: SendingTerms): Promise<PublishOutcome> {
    return new Promise((resolve) => this.sender.send(event, terms, resolve));
  }

  private tryPrepare(event: EventToPublish): Attempt {
    try {
      return this.preparer.prepare(event.channel, event.payload, event);
    } catch (error) {
      return { error: error as Error };
    }
  }
}

async function whenChecked(attempt: Attempt): Promise<Attempt> {
  try {
    if ('checked' in attempt) await attempt.checked;
    return attempt;
  } catch (error) {
    return { error: error as Error };
  }
}

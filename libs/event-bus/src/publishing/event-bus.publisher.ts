import { BusClosedError, PublishManyError } from '../errors.js';
import type { EventBusObserver } from '../event-bus.observer.js';
import type { EventBusSettings } from '../event-bus.options.js';
import type { EventContract, EventInput } from '../contracts/event.contract.js';
import type { EventTransport, PublishOutcome } from '../transports/event.transport.js';
import type { PreparedEvent } from './event.preparer.js';
import { EventPreparer } from './event.preparer.js';
import { MessageSender } from './message.sender.js';
import { PublishBuffer } from './publish.buffer.js';
import type {
  ContractPublishArguments,
  EventToPublish,
  PublishManyOptions,
  PublishOptions,
} from './publish.options.js';

type Attempt = PreparedEvent | { readonly error: Error };

/** Publishes events: PUBLISH, or SPUBLISH for `kind: 'shard'`. */
export class EventBusPublisher {
  private readonly preparer: EventPreparer;
  private readonly sender: MessageSender;
  private readonly buffer = new PublishBuffer();

  constructor(
    settings: EventBusSettings,
    transport: EventTransport,
    private readonly observer: EventBusObserver,
  ) {
    this.preparer = new EventPreparer(settings, transport);
    this.sender = new MessageSender(transport, this.buffer);
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
   * @throws NotConnectedError, BusClosedError, PublishRefusedError: nothing was delivered. With
   * `whenDisconnected: { bufferMs }` it waits so long for a connection before the first of these.
   * @throws PublishUnconfirmedError the reply was lost or late: it may have been delivered.
   */
  publish<C extends EventContract>(
    contract: C,
    payload: EventInput<C>,
    ...options: ContractPublishArguments<C>
  ): Promise<number>;
  publish(channel: string, payload: unknown, options?: PublishOptions): Promise<number>;
  async publish(
    channel: string | EventContract,
    payload: unknown,
    options: PublishOptions & Pick<EventToPublish, 'params'> = {},
  ): Promise<number> {
    try {
      const event = this.preparer.prepare(channel, payload, options);
      // Awaited only where the schema is asynchronous, so that publishes keep the order of their calls.
      if (event.checked !== undefined) await event.checked;
      const [outcome] = await this.sender.send([event], options);
      if (outcome === undefined) throw new BusClosedError();
      if ('error' in outcome) throw outcome.error;
      this.observer.published(event.name, payload);
      return outcome.subscriptions;
    } catch (error) {
      this.observer.publishFailed();
      throw error;
    }
  }

  /**
   * Publishes in the order given and attempts all, also after a failure. Resolves with the number that Redis
   * reports for each.
   *
   * @throws PublishManyError when any of them failed, with one outcome per event.
   */
  async publishMany(events: readonly EventToPublish[], options: PublishManyOptions = {}): Promise<number[]> {
    const attempts = events.map((event) => this.tryPrepare(event));
    const isAsync = attempts.some((attempt) => 'checked' in attempt);
    const prepared = isAsync ? await Promise.all(attempts.map(whenChecked)) : attempts;
    const sendable = prepared.filter((item) => 'message' in item);
    const sent = sendable.length === 0 ? [] : await this.sender.send(sendable, options);
    let next = 0;
    const outcomes = prepared.map((item): PublishOutcome =>
      'message' in item ? (sent[next++] as PublishOutcome) : item,
    );
    outcomes.forEach((outcome, index) => {
      const item = prepared[index];
      if ('error' in outcome || item === undefined || 'error' in item) this.observer.publishFailed();
      else this.observer.published(item.name, (events[index] as EventToPublish).payload);
    });
    if (outcomes.some((outcome) => 'error' in outcome)) throw new PublishManyError(outcomes);
    return outcomes.map((outcome) => (outcome as { subscriptions: number }).subscriptions);
  }

  /** @internal Messages can be sent again: sends the events that wait for it. */
  resume(): void {
    this.buffer.resume();
  }

  /** @internal Rejects the events that wait for the link with a BusClosedError; for the owner of the transport, who closes it. */
  close(): void {
    this.buffer.close();
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

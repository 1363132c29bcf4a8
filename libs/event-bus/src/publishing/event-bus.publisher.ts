import { BusClosedError, InvalidOptionError, PublishManyError, PublishUnconfirmedError } from '../errors.js';
import type { EventBusObserver } from '../event-bus.observer.js';
import type { EventBusSettings } from '../event-bus.options.js';
import type { EventContract, EventInput } from '../contracts/event.contract.js';
import type { EventTransport, OutgoingMessage, PublishOutcome } from '../transports/event.transport.js';
import type { PreparedEvent } from './event.preparer.js';
import { EventPreparer } from './event.preparer.js';
import type { ContractPublishArguments, EventToPublish, PublishOptions } from './publish.options.js';

const DEFAULT_TIMEOUT_MS = 5_000;
/** What a timer of Node can wait for at most. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

type Attempt = PreparedEvent | { readonly error: Error };

/** Publishes events: PUBLISH, or SPUBLISH for `kind: 'shard'`. */
export class EventBusPublisher {
  private readonly preparer: EventPreparer;

  constructor(
    private readonly settings: EventBusSettings,
    private readonly transport: EventTransport,
    private readonly observer: EventBusObserver,
  ) {
    this.preparer = new EventPreparer(settings, transport);
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
   * @throws NotConnectedError, BusClosedError, PublishRefusedError: nothing was delivered.
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
      const { kind, params } = options;
      const { message, name, checked } = this.preparer.prepare({
        channel,
        payload,
        ...(kind === undefined ? {} : { kind }),
        ...(params === undefined ? {} : { params }),
      });
      // Awaited only where the schema is asynchronous, so that publishes keep the order of their calls.
      if (checked !== undefined) await checked;
      const [outcome] = await this.send([message], options);
      if (outcome === undefined || 'error' in outcome) throw outcome?.error ?? new BusClosedError();
      this.observer.published(name, payload);
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
  async publishMany(
    events: readonly EventToPublish[],
    options: Omit<PublishOptions, 'kind'> = {},
  ): Promise<number[]> {
    const attempts = events.map((event) => this.tryPrepare(event));
    const isAsync = attempts.some((attempt) => 'checked' in attempt);
    const prepared = isAsync ? await Promise.all(attempts.map(whenChecked)) : attempts;
    const messages = prepared.flatMap((item) => ('message' in item ? [item.message] : []));
    const sent = messages.length === 0 ? [] : await this.send(messages, options);
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

  private tryPrepare(event: EventToPublish): Attempt {
    try {
      return this.preparer.prepare(event);
    } catch (error) {
      return { error: error as Error };
    }
  }

  /** The transport's outcomes, or, when time is up first, every message as unconfirmed. */
  private async send(
    messages: readonly OutgoingMessage[],
    { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: PublishOptions,
  ): Promise<readonly PublishOutcome[]> {
    if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > MAX_TIMEOUT_MS) {
      throw new InvalidOptionError(
        'timeoutMs',
        `must be a whole number of milliseconds from 1 to ${MAX_TIMEOUT_MS}.`,
      );
    }
    signal?.throwIfAborted();
    let giveUp: (cause: unknown) => void = () => undefined;
    const givenUp = new Promise<readonly PublishOutcome[]>((resolve) => {
      giveUp = (cause) => {
        resolve(
          messages.map(({ channel }) => ({
            error: new PublishUnconfirmedError(this.settings.prefix.strip(channel), { cause }),
          })),
        );
      };
    });
    const aborted = () => giveUp(signal?.reason);
    const timer = setTimeout(() => giveUp(new Error(`no reply within ${timeoutMs} ms`)), timeoutMs);
    signal?.addEventListener('abort', aborted, { once: true });
    try {
      return await Promise.race([this.transport.publish(messages), givenUp]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
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

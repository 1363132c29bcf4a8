import {
  BusClosedError,
  EventBusError,
  InvalidChannelError,
  InvalidOptionError,
  NotSupportedError,
  PayloadEncodeError,
  PayloadTooLargeError,
  PublishManyError,
  PublishUnconfirmedError,
  reasonOf,
} from '../errors.js';
import type { EventBusObserver } from '../event-bus.observer.js';
import type { EventBusSettings } from '../event-bus.options.js';
import { publishProblem } from '../routing/channel-prefix.js';
import type { EventTransport, OutgoingMessage, PublishOutcome } from '../transports/event.transport.js';

export interface PublishOptions {
  /** `shard` sends with SPUBLISH, to subscriptions of `kind: 'shard'` only. @default 'channel' */
  readonly kind?: 'channel' | 'shard';
  /** How long to wait for Redis to accept the event, in milliseconds. @default 5000 */
  readonly timeoutMs?: number;
  /** Stops waiting. Before the event is sent it rejects with the signal's reason, afterwards as unconfirmed. */
  readonly signal?: AbortSignal;
}

/** One event of a `publishMany`. */
export interface EventToPublish {
  readonly channel: string;
  readonly payload: unknown;
  /** @default 'channel' */
  readonly kind?: 'channel' | 'shard';
}

const DEFAULT_TIMEOUT_MS = 5_000;
/** What a timer of Node can wait for at most. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Publishes events: PUBLISH, or SPUBLISH for `kind: 'shard'`. */
export class EventBusPublisher {
  constructor(
    private readonly settings: EventBusSettings,
    private readonly transport: EventTransport,
    private readonly observer: EventBusObserver,
  ) {}

  /**
   * Resolves once Redis has accepted the event, with the number of subscriptions that Redis reports. That is a
   * hint, not a receipt: it counts subscriptions, not handlers, and on a Cluster only those of one node. The
   * payload is serialized in the call; later changes to it do not travel.
   *
   * @throws InvalidChannelError, InvalidOptionError, PayloadEncodeError, PayloadTooLargeError: nothing was sent.
   * @throws NotConnectedError, BusClosedError, PublishRefusedError: nothing was delivered.
   * @throws PublishUnconfirmedError the reply was lost or late: it may have been delivered.
   */
  async publish(channel: string, payload: unknown, options: PublishOptions = {}): Promise<number> {
    try {
      const message = this.prepare({ channel, payload, ...(options.kind ? { kind: options.kind } : {}) });
      const [outcome] = await this.send([message], options);
      if (outcome === undefined || 'error' in outcome) throw outcome?.error ?? new BusClosedError();
      this.observer.published(channel, payload);
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
    const prepared = events.map((event) => this.tryPrepare(event));
    const messages = prepared.filter((item): item is OutgoingMessage => !(item instanceof Error));
    const sent = messages.length === 0 ? [] : await this.send(messages, options);
    let next = 0;
    const outcomes = prepared.map((item): PublishOutcome => {
      return item instanceof Error ? { error: item } : (sent[next++] as PublishOutcome);
    });
    outcomes.forEach((outcome, index) => {
      const event = events[index] as EventToPublish;
      if ('error' in outcome) this.observer.publishFailed();
      else this.observer.published(event.channel, event.payload);
    });
    if (outcomes.some((outcome) => 'error' in outcome)) throw new PublishManyError(outcomes);
    return outcomes.map((outcome) => (outcome as { subscriptions: number }).subscriptions);
  }

  private tryPrepare(event: EventToPublish): OutgoingMessage | Error {
    try {
      return this.prepare(event);
    } catch (error) {
      return error as Error;
    }
  }

  /** Checks and serializes; after this only the broker can refuse. */
  private prepare({ channel, payload, kind = 'channel' }: EventToPublish): OutgoingMessage {
    const problem = publishProblem(channel);
    if (problem !== undefined) {
      throw new InvalidChannelError(typeof channel === 'string' ? channel : typeof channel, problem);
    }
    if (kind === 'shard' && !this.transport.capabilities.shard) {
      throw new NotSupportedError(
        `The ${this.transport.name} transport has no sharded pub/sub. Leave out kind.`,
      );
    }
    const { maxPayloadBytes, prefix } = this.settings;
    const body = this.encode(payload, channel);
    const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    if (bytes > maxPayloadBytes) throw new PayloadTooLargeError(channel, bytes, maxPayloadBytes);
    return { kind, channel: prefix.addToChannel(channel), body };
  }

  /** A codec of the application's own may throw and return anything. */
  private encode(payload: unknown, channel: string): string | Buffer {
    const { codec } = this.settings;
    let body: unknown;
    try {
      body = codec.encode(payload, channel);
    } catch (error) {
      if (error instanceof EventBusError) throw error;
      throw new PayloadEncodeError(`the codec failed: ${reasonOf(error)}.`, { cause: error });
    }
    if (typeof body === 'string' || Buffer.isBuffer(body)) return body;
    throw new PayloadEncodeError(`the codec returned ${typeof body}. It must return a string or a Buffer.`);
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

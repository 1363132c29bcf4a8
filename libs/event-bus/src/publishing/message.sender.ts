import {
  BusClosedError,
  InvalidOptionError,
  NotConnectedError,
  PublishRefusedError,
  PublishUnconfirmedError,
} from '../errors.js';
import type { EventTransport, OutgoingMessage, PublishOutcome } from '../transports/event.transport.js';
import type { PreparedEvent } from './event.preparer.js';
import type { PublishBuffer } from './publish.buffer.js';
import type { PublishOptions, WhenDisconnected } from './publish.options.js';
import { SequencedMessage } from './sequenced.message.js';

const DEFAULT_TIMEOUT_MS = 5_000;
/** What a timer of Node can wait for at most. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export type SendingTerms = Pick<PublishOptions, 'timeoutMs' | 'signal' | 'whenDisconnected'>;

interface Limits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Sends prepared events within the limits that their publisher sets. */
export class MessageSender {
  constructor(
    private readonly transport: EventTransport,
    private readonly buffer: PublishBuffer,
  ) {}

  /**
   * Resolves with what became of each, in order.
   *
   * @throws InvalidOptionError; the reason of a signal that was aborted before. Nothing was sent then.
   */
  async send(events: readonly PreparedEvent[], options: SendingTerms): Promise<readonly PublishOutcome[]> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS, signal, whenDisconnected = 'reject' } = options;
    checkMs('timeoutMs', timeoutMs);
    const bufferMs = bufferMsOf(whenDisconnected);
    signal?.throwIfAborted();
    const limits: Limits = { timeoutMs, signal };
    return bufferMs === undefined
      ? this.attempt(events, limits)
      : this.sendOrBuffer(events, bufferMs, limits);
  }

  private async sendOrBuffer(
    events: readonly PreparedEvent[],
    bufferMs: number,
    limits: Limits,
  ): Promise<readonly PublishOutcome[]> {
    const outcomes = new Map<PreparedEvent, PublishOutcome>();
    let unsent = events;
    const send = async () => {
      const results = await this.attempt(unsent, limits);
      unsent.forEach((event, index) => outcomes.set(event, results[index] as PublishOutcome));
      unsent = unsent.filter((_event, index) => isNotConnected(results[index]));
      return unsent.length === 0;
    };
    const { signal } = limits;
    try {
      await this.buffer.deliver({
        get events() {
          return unsent.length;
        },
        get bytes() {
          return unsent.reduce((sum, { bytes }) => sum + bytes, 0);
        },
        bufferMs,
        signal,
        send,
      });
    } catch (error) {
      for (const event of unsent) outcomes.set(event, { error: error as Error });
    }
    return events.map((event) => outcomes.get(event) as PublishOutcome);
  }

  /** The transport's outcomes, or, when time is up first, every message as unconfirmed. */
  private async attempt(
    events: readonly PreparedEvent[],
    { timeoutMs, signal }: Limits,
  ): Promise<readonly PublishOutcome[]> {
    let giveUp: (cause: unknown) => void = () => undefined;
    const givenUp = new Promise<readonly PublishOutcome[]>((resolve) => {
      giveUp = (cause) => {
        resolve(events.map(({ name }) => ({ error: new PublishUnconfirmedError(name, { cause }) })));
      };
    });
    const aborted = () => giveUp(signal?.reason);
    const timer = setTimeout(() => giveUp(new Error(`no reply within ${timeoutMs} ms`)), timeoutMs);
    signal?.addEventListener('abort', aborted, { once: true });
    try {
      return await Promise.race([this.transmit(events.map(({ message }) => message)), givenUp]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
    }
  }

  private async transmit(messages: readonly OutgoingMessage[]): Promise<readonly PublishOutcome[]> {
    const outcomes = await this.transport.publish(messages);
    messages.forEach((message, index) => {
      const outcome = outcomes[index];
      if (message instanceof SequencedMessage && outcome !== undefined && reachedNobody(outcome)) {
        message.withdraw();
      }
    });
    return outcomes;
  }
}

function isNotConnected(outcome: PublishOutcome | undefined): boolean {
  return outcome !== undefined && 'error' in outcome && outcome.error instanceof NotConnectedError;
}

function reachedNobody(outcome: PublishOutcome): boolean {
  if (!('error' in outcome)) return false;
  const { error } = outcome;
  return (
    error instanceof PublishRefusedError ||
    error instanceof NotConnectedError ||
    error instanceof BusClosedError
  );
}

function bufferMsOf(whenDisconnected: WhenDisconnected): number | undefined {
  if (whenDisconnected === 'reject') return undefined;
  if (typeof whenDisconnected !== 'object' || whenDisconnected === null) {
    throw new InvalidOptionError('whenDisconnected', "must be 'reject' or { bufferMs: 5000 }.");
  }
  checkMs('whenDisconnected.bufferMs', whenDisconnected.bufferMs);
  return whenDisconnected.bufferMs;
}

function checkMs(option: string, ms: number): void {
  if (Number.isInteger(ms) && ms >= 1 && ms <= MAX_TIMER_MS) return;
  throw new InvalidOptionError(option, `must be a whole number of milliseconds from 1 to ${MAX_TIMER_MS}.`);
}

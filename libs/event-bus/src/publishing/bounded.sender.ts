import { InvalidOptionError, NotConnectedError, PublishBufferFullError } from '../errors.js';
import { checkOption, milliseconds } from '../option.checks.js';
import type { PublishOutcome } from '../transports/event.transport.js';
import type { AbortWatch } from './abort.watch.js';
import type { PreparedEvent } from './event.preparer.js';
import { bytesOf } from './event.size.js';
import type { PublishBatcher } from './publish.batcher.js';
import type { PublishBuffer } from './publish.buffer.js';
import type { Settle } from './publish.call.js';
import { DEFAULT_TIMEOUT_MS, PublishCall } from './publish.call.js';
import type { PublishOptions, WhenDisconnected } from './publish.options.js';

const TIME = milliseconds();

/** The limits of a publish, checked. */
export interface SendingTerms {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** How long to buffer the event while there is no link. Undefined: it rejects at once. */
  readonly bufferMs: number | undefined;
}

/** The limits of a publish, before they are checked. */
export type SendingLimits = Pick<PublishOptions, 'timeoutMs' | 'signal' | 'whenDisconnected'>;

/** @throws InvalidOptionError; the reason of a signal that is aborted already. */
export function sendingTerms(options: SendingLimits): SendingTerms {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, signal, whenDisconnected = 'reject' } = options;
  if (timeoutMs !== DEFAULT_TIMEOUT_MS) checkOption('timeoutMs', timeoutMs, TIME);
  const bufferMs = bufferMsOf(whenDisconnected);
  signal?.throwIfAborted();
  return { timeoutMs, signal, bufferMs };
}

/** Sends prepared events within the limits of their publish. */
export class BoundedSender {
  constructor(
    private readonly batcher: PublishBatcher,
    private readonly buffer: PublishBuffer,
    private readonly aborts: AbortWatch,
  ) {}

  /** Events leave in the order of the calls. Throws nothing. */
  send(event: PreparedEvent, options: SendingLimits, settle: Settle): void {
    let terms: SendingTerms;
    try {
      terms = sendingTerms(options);
    } catch (error) {
      settle({ error: error as Error });
      return;
    }
    if (terms.bufferMs === undefined) this.attempt(event, terms, settle);
    else this.sendOrBuffer(event, terms, terms.bufferMs, settle);
  }

  private sendOrBuffer(event: PreparedEvent, terms: SendingTerms, bufferMs: number, settle: Settle): void {
    let latest: PublishOutcome | undefined;
    this.buffer.deliver({
      bytes: bytesOf(event),
      bufferMs,
      signal: terms.signal,
      send: (done) =>
        this.attempt(event, terms, (outcome) => {
          latest = outcome;
          done(!isUnsendable(outcome));
        }),
      sent: () => settle(latest as PublishOutcome),
      refused: (error) => settle({ error: error as Error }),
    });
  }

  private attempt(event: PreparedEvent, { timeoutMs, signal }: SendingTerms, settle: Settle): void {
    if (signal === undefined) {
      this.batcher.add(new PublishCall(event, settle, timeoutMs));
      return;
    }
    const aborted = () => call.giveUp(signal.reason);
    const settled = (outcome: PublishOutcome) => {
      this.aborts.remove(signal, aborted);
      settle(outcome);
    };
    const call = new PublishCall(event, settled, timeoutMs);
    this.aborts.add(signal, aborted);
    this.batcher.add(call);
  }
}

/** Whether it can be sent once the transport resumes. */
function isUnsendable(outcome: PublishOutcome): boolean {
  if (!('error' in outcome)) return false;
  return outcome.error instanceof NotConnectedError || outcome.error instanceof PublishBufferFullError;
}

function bufferMsOf(whenDisconnected: WhenDisconnected): number | undefined {
  if (whenDisconnected === 'reject') return undefined;
  if (typeof whenDisconnected !== 'object' || whenDisconnected === null) {
    throw new InvalidOptionError('whenDisconnected', "must be 'reject' or { bufferMs: 5000 }.");
  }
  checkOption('whenDisconnected.bufferMs', whenDisconnected.bufferMs, TIME);
  return whenDisconnected.bufferMs;
}

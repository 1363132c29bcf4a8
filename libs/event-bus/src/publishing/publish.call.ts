import {
  BusClosedError,
  NotConnectedError,
  PayloadEncodeError,
  PublishBufferFullError,
  PublishRefusedError,
  PublishUnconfirmedError,
} from '../errors.js';
import type { OutgoingMessage, PublishOutcome } from '../transports/event.transport.js';
import type { PreparedEvent } from './event.preparer.js';
import type { BatchEntry } from './publish.batch.js';
import { SequencedMessage } from './sequenced.message.js';

/** How long the broker's answer may take, in milliseconds, where the publisher sets no time. */
export const DEFAULT_TIMEOUT_MS = 5_000;

/** Hears what became of one event: called once. */
export type Settle = (outcome: PublishOutcome) => void;

/** One event on its way to the broker, and whoever waits for what becomes of it. */
export class PublishCall implements BatchEntry {
  /** Only what waits is handed over to the transport: from then on it may be delivered. Nobody waits for what is over. */
  state: 'waiting' | 'handed-over' | 'over' = 'waiting';
  readonly message: OutgoingMessage;

  constructor(
    readonly event: PreparedEvent,
    private readonly settle: Settle,
    readonly timeoutMs = DEFAULT_TIMEOUT_MS,
  ) {
    this.message = event.message;
  }

  /** What the broker said, also where nobody waits for it any more. */
  answer(outcome: PublishOutcome): void {
    if ('error' in outcome && this.message instanceof SequencedMessage && reachedNobody(outcome.error)) {
      this.message.withdraw();
    }
    this.end(outcome);
  }

  /** Its publisher stops waiting. Before it is handed over it will never be; afterwards nobody knows. */
  giveUp(cause: unknown): void {
    if (this.state === 'waiting') this.end({ error: cause as Error });
    else this.end({ error: new PublishUnconfirmedError(this.event.name, { cause }) });
  }

  expire(elapsedMs: number, transport: string): number {
    if (this.state === 'over') return Infinity;
    if (this.timeoutMs > elapsedMs) return this.timeoutMs;
    this.giveUp(new Error(`no reply within ${this.timeoutMs} ms from the ${transport} transport`));
    return Infinity;
  }

  private end(outcome: PublishOutcome): void {
    if (this.state === 'over') return;
    this.state = 'over';
    this.settle(outcome);
  }
}

function reachedNobody(error: Error): boolean {
  return (
    error instanceof PublishRefusedError ||
    error instanceof NotConnectedError ||
    error instanceof PublishBufferFullError ||
    error instanceof BusClosedError ||
    // Of a codec that could not give it its number.
    error instanceof PayloadEncodeError
  );
}

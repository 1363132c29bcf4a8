import { BusClosedError, NotConnectedError, PublishBufferFullError } from '../errors.js';
import { startDeadline } from '../deadline.js';
import type { AbortWatch } from './abort.watch.js';

/** Memory is limited, and after a long outage a larger backlog would flood Redis and its subscribers. */
const MAX_EVENTS = 10_000;
const MAX_BYTES = 16 * 1024 * 1024;
const LIMIT = '10,000 events or 16 MiB';

/** An event that is buffered while there is no link. */
export interface BufferableEvent {
  /** Its size in memory. */
  readonly bytes: number;
  /** How long it may be buffered, in milliseconds from its first failed send. */
  readonly bufferMs: number;
  readonly signal: AbortSignal | undefined;
  /** Sends it after all events that were sent before. Calls back with false where there was no link. */
  send(done: (isSent: boolean) => void): void;
  /** It was sent, whatever the broker replied. Called once, unless {@link refused} is. */
  sent(): void;
  /**
   * It is never sent: NotConnectedError when the link was not restored in time, PublishBufferFullError, BusClosedError, or the
   * reason of the signal.
   */
  refused(error: unknown): void;
}

interface Waiting {
  /** Sends it. */
  go(): void;
  giveUp(error: unknown): void;
}

/**
 * Buffers the events of one bus while there is no link, in the order in which they were published: up to 10,000 events and
 * 16 MiB.
 */
export class PublishBuffer {
  private readonly waiting = new Set<Waiting>();
  private waitingBytes = 0;
  /** How often the link was restored. */
  private resumptions = 0;
  private isClosed = false;

  constructor(private readonly aborts: AbortWatch) {}

  /** Events that are buffered now. */
  get events(): number {
    return this.waiting.size;
  }

  /** Bytes of the events that are buffered now. */
  get bytes(): number {
    return this.waitingBytes;
  }

  /** Sends the event now, or after the already buffered ones when the link is restored. */
  deliver(event: BufferableEvent): void {
    if (this.waiting.size === 0) this.trySend(event);
    else this.buffer(event, performance.now() + event.bufferMs);
  }

  /** The link is restored: sends the buffered events before it returns, so that no later event overtakes them. */
  sendBuffered(): void {
    this.resumptions += 1;
    const all = [...this.waiting];
    // One that finds no link after all is buffered anew, and one may be given up by somebody who hears of another.
    for (const waiting of all) if (this.waiting.has(waiting)) waiting.go();
  }

  /** The bus closes: rejects the buffered events. Idempotent. */
  close(): void {
    this.isClosed = true;
    for (const waiting of this.waiting) waiting.giveUp(new BusClosedError());
  }

  /** An event that finds no link is buffered before this returns, so that no later event overtakes it. */
  private trySend(event: BufferableEvent, untilMs?: number): void {
    const { resumptions } = this;
    event.send((isSent) => {
      if (isSent) event.sent();
      // The link may have been restored before the outcome arrived: sendBuffered() would not be called again.
      else if (resumptions !== this.resumptions) this.trySend(event, untilMs);
      else this.buffer(event, untilMs ?? performance.now() + event.bufferMs);
    });
  }

  private buffer(event: BufferableEvent, untilMs: number): void {
    const refusal = this.refusalOf(event);
    if (refusal !== undefined) return event.refused(refusal.error);
    const { bytes, bufferMs, signal } = event;
    const leave = () => {
      this.waiting.delete(waiting);
      this.waitingBytes -= bytes;
      deadline.cancel();
      if (signal !== undefined) this.aborts.remove(signal, aborted);
    };
    const waiting: Waiting = {
      go: () => {
        leave();
        this.trySend(event, untilMs);
      },
      giveUp: (error) => {
        leave();
        event.refused(error);
      },
    };
    const aborted = () => waiting.giveUp(signal?.reason);
    const deadline = startDeadline(Math.max(0, untilMs - performance.now()), () =>
      waiting.giveUp(new NotConnectedError(`the connection was not restored within ${bufferMs} ms`)),
    );
    if (signal !== undefined) this.aborts.add(signal, aborted);
    this.waiting.add(waiting);
    this.waitingBytes += bytes;
  }

  /** Why it may not be buffered. */
  private refusalOf({ bytes, signal }: BufferableEvent): { readonly error: unknown } | undefined {
    if (this.isClosed) return { error: new BusClosedError() };
    if (signal?.aborted) return { error: signal.reason };
    if (this.waiting.size < MAX_EVENTS && this.waitingBytes + bytes <= MAX_BYTES) return undefined;
    return { error: new PublishBufferFullError(LIMIT) };
  }
}

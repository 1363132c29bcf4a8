import { BusClosedError, NotConnectedError, PublishBufferFullError } from '../errors.js';
import { startDeadline } from '../deadline.js';
import type { AbortWatch } from './abort.watch.js';

/** Memory has an end, and after a long outage nobody wants all of it at once. */
const MAX_EVENTS = 10_000;
const MAX_BYTES = 16 * 1024 * 1024;
const LIMIT = '10,000 events or 16 MiB';

/** An event whose publisher would rather wait for the link than hear that there is none. */
export interface BufferableEvent {
  /** How much it takes to hold it. */
  readonly bytes: number;
  /** How long it may wait, in milliseconds from when there was no link for it. */
  readonly bufferMs: number;
  readonly signal: AbortSignal | undefined;
  /** Puts it behind those that were sent before. Resolves with whether there was a link for it. */
  send(): Promise<boolean>;
}

interface Waiting {
  /** Sends it. */
  go(): void;
  giveUp(error: unknown): void;
}

/**
 * Holds the events of one bus that wait for the link, in the order in which they were published: up to 10,000 events
 * and 16 MiB.
 */
export class PublishBuffer {
  private readonly waiting = new Set<Waiting>();
  private waitingBytes = 0;
  /** How often the link came back. */
  private resumptions = 0;
  private isClosed = false;

  constructor(private readonly aborts: AbortWatch) {}

  /** Events that wait now. */
  get events(): number {
    return this.waiting.size;
  }

  /** Bytes of the events that wait now. */
  get bytes(): number {
    return this.waitingBytes;
  }

  /**
   * Sends the event now, or when the link is back, behind those that wait already. Resolves when it was sent,
   * whatever the broker said to it.
   *
   * @throws NotConnectedError when the link did not come back in time; PublishBufferFullError; BusClosedError; the reason of
   * the signal. It will never be sent then.
   */
  async deliver(event: BufferableEvent): Promise<void> {
    let isSent = this.waiting.size === 0 && (await this.trySend(event));
    const untilMs = performance.now() + event.bufferMs;
    while (!isSent) isSent = await this.sendWhenResumed(event, untilMs);
  }

  /** The link is back: sends what waits before it returns, so that nothing published later goes first. */
  sendBuffered(): void {
    this.resumptions += 1;
    for (const waiting of this.waiting) waiting.go();
  }

  /** Gives up what waits: the bus closes. Idempotent. */
  close(): void {
    this.isClosed = true;
    for (const waiting of this.waiting) waiting.giveUp(new BusClosedError());
  }

  /** Whether there was a link for it. */
  private async trySend(event: BufferableEvent): Promise<boolean> {
    const { resumptions } = this;
    if (await event.send()) return true;
    // It may have come back while the answer was on its way, and would not say so again.
    return resumptions === this.resumptions ? false : this.trySend(event);
  }

  private sendWhenResumed(event: BufferableEvent, untilMs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const refusal = this.refusalOf(event);
      if (refusal !== undefined) return reject(refusal.error as Error);
      const { bytes, bufferMs, signal } = event;
      const aborted = () => waiting.giveUp(signal?.reason);
      const leave = () => {
        this.waiting.delete(waiting);
        this.waitingBytes -= bytes;
        deadline.cancel();
        if (signal !== undefined) this.aborts.remove(signal, aborted);
      };
      const waiting: Waiting = {
        go: () => {
          leave();
          resolve(this.trySend(event));
        },
        giveUp: (error) => {
          leave();
          reject(error as Error);
        },
      };
      const deadline = startDeadline(Math.max(0, untilMs - performance.now()), () =>
        waiting.giveUp(new NotConnectedError(`the link did not come back within ${bufferMs} ms`)),
      );
      if (signal !== undefined) this.aborts.add(signal, aborted);
      this.waiting.add(waiting);
      this.waitingBytes += bytes;
    });
  }

  /** Why it may not wait. */
  private refusalOf({ bytes, signal }: BufferableEvent): { readonly error: unknown } | undefined {
    if (this.isClosed) return { error: new BusClosedError() };
    if (signal?.aborted) return { error: signal.reason };
    if (this.waiting.size < MAX_EVENTS && this.waitingBytes + bytes <= MAX_BYTES) return undefined;
    return { error: new PublishBufferFullError(LIMIT) };
  }
}

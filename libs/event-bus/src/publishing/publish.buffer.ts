import { BusClosedError, NotConnectedError } from '../errors.js';

/** Memory has an end, and after a long outage nobody wants all of it at once. */
const MAX_EVENTS = 10_000;
const MAX_BYTES = 16 * 1024 * 1024;

/** Events of one call whose publisher would rather wait for the link than hear that there is none. */
export interface BufferableEvents {
  /** Those that were not sent yet. */
  readonly events: number;
  /** How much those take. */
  readonly bytes: number;
  /** How long they may wait, in milliseconds from now. */
  readonly bufferMs: number;
  readonly signal: AbortSignal | undefined;
  /** Hands them to the transport before it returns. Resolves with whether there was a link for all of them. */
  send(): Promise<boolean>;
}

interface Waiting {
  /** Sends them. */
  go(): void;
  giveUp(error: unknown): void;
}

/**
 * Holds the events of one bus that wait for the link, in the order in which they were published: up to 10,000 events
 * and 16 MiB.
 */
export class PublishBuffer {
  private readonly waiting = new Set<Waiting>();
  private waitingEvents = 0;
  private waitingBytes = 0;
  /** How often the link came back. */
  private resumptions = 0;
  private isClosed = false;

  /** Events that wait now. */
  get events(): number {
    return this.waitingEvents;
  }

  /** Bytes of the events that wait now. */
  get bytes(): number {
    return this.waitingBytes;
  }

  /**
   * Sends the events now, or when the link is back, behind those that wait already. Resolves when all were sent,
   * whatever the broker said to them.
   *
   * @throws NotConnectedError when the link did not come back in time, or too much waits already; BusClosedError; the
   * reason of the signal. What was not sent by then never will be.
   */
  async deliver(call: BufferableEvents): Promise<void> {
    const untilMs = performance.now() + call.bufferMs;
    let areSent = this.waiting.size === 0 && (await this.trySend(call));
    while (!areSent) areSent = await this.sendWhenResumed(call, untilMs);
  }

  /** The link is back: sends what waits before it returns, so that nothing published later goes first. */
  resume(): void {
    this.resumptions += 1;
    for (const waiting of this.waiting) waiting.go();
  }

  /** Gives up what waits: the bus closes. Idempotent. */
  close(): void {
    this.isClosed = true;
    for (const waiting of this.waiting) waiting.giveUp(new BusClosedError());
  }

  /** Whether there was a link for all of it. */
  private async trySend(call: BufferableEvents): Promise<boolean> {
    const { resumptions } = this;
    if (await call.send()) return true;
    // It may have come back while the answer was on its way, and would not say so again.
    return resumptions === this.resumptions ? false : this.trySend(call);
  }

  private sendWhenResumed(call: BufferableEvents, untilMs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const refusal = this.refusalOf(call);
      if (refusal !== undefined) return reject(refusal.error as Error);
      const { events, bytes, bufferMs, signal } = call;
      const aborted = () => waiting.giveUp(signal?.reason);
      const leave = () => {
        this.waiting.delete(waiting);
        this.waitingEvents -= events;
        this.waitingBytes -= bytes;
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
      };
      const waiting: Waiting = {
        go: () => {
          leave();
          resolve(this.trySend(call));
        },
        giveUp: (error) => {
          leave();
          reject(error as Error);
        },
      };
      const timer = setTimeout(
        () => waiting.giveUp(new NotConnectedError(`the link did not come back within ${bufferMs} ms`)),
        Math.max(0, untilMs - performance.now()),
      );
      signal?.addEventListener('abort', aborted, { once: true });
      this.waiting.add(waiting);
      this.waitingEvents += events;
      this.waitingBytes += bytes;
    });
  }

  /** Why these may not wait. */
  private refusalOf({ events, bytes, signal }: BufferableEvents): { readonly error: unknown } | undefined {
    if (this.isClosed) return { error: new BusClosedError() };
    if (signal?.aborted) return { error: signal.reason };
    if (this.waitingEvents + events <= MAX_EVENTS && this.waitingBytes + bytes <= MAX_BYTES) return undefined;
    return {
      error: new NotConnectedError(`and the buffer for ${MAX_EVENTS} events and ${MAX_BYTES} bytes is full`),
    };
  }
}

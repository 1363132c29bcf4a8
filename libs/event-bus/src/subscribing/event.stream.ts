import type { Observable, Subscription } from 'rxjs';
import { Fifo } from '../dispatching/fifo.js';
import type { EventContext } from '../message/event-context.js';
import { checkOption, oneOf, wholeNumber } from '../option.checks.js';

/** Options of a `stream`. */
export interface StreamOptions {
  /** Ends the stream; buffered events are dropped. */
  readonly signal?: AbortSignal | undefined;
  /** How many events each iterator buffers. */
  readonly buffer?: StreamBufferOptions | undefined;
}

/** How many events may be pending for the loop, and which one is dropped when the buffer is full. */
export interface StreamBufferOptions {
  /** How many events may be pending for the loop. @default 10000 */
  readonly events?: number | undefined;
  /** Which event is dropped when the buffer is full. @default 'drop-oldest' */
  readonly overflow?: 'drop-oldest' | 'drop-newest' | undefined;
}

/** Events for `for await`. Every iterator has its own subscription and its own buffer. */
export class EventStream<T = unknown> implements AsyncIterable<EventContext<T>> {
  private readonly maxEvents: number;
  private readonly dropsNewest: boolean;
  private dropped = 0;

  constructor(
    private readonly source: Observable<EventContext<T>>,
    private readonly options: StreamOptions,
    /** Called when the first event is dropped. */
    private readonly overflowed: () => void,
  ) {
    const { events = 10_000, overflow = 'drop-oldest' } = options.buffer ?? {};
    checkOption('buffer.events', events, wholeNumber(1));
    checkOption('buffer.overflow', overflow, oneOf('drop-oldest', 'drop-newest'));
    this.maxEvents = events;
    this.dropsNewest = overflow === 'drop-newest';
  }

  /** Events that were dropped because the loop was too slow. */
  get droppedEvents(): number {
    return this.dropped;
  }

  /** Subscribes with its first `next()`; `return()` unsubscribes. */
  [Symbol.asyncIterator](): AsyncIterator<EventContext<T>, undefined> {
    return new StreamIterator(this.source, this.options.signal, (waiting, event) =>
      this.keep(waiting, event),
    );
  }

  private keep(waiting: Fifo<EventContext<T>>, event: EventContext<T>): void {
    if (waiting.length >= this.maxEvents) {
      this.dropped += 1;
      if (this.dropped === 1) this.overflowed();
      if (this.dropsNewest) return;
      waiting.shift();
    }
    waiting.push(event);
  }
}

interface Reader<T> {
  resolve(result: IteratorResult<EventContext<T>, undefined>): void;
  reject(error: unknown): void;
}

/** Subscribes with the first `next()`. Calls of `next()` are answered in call order. */
class StreamIterator<T> implements AsyncIterator<EventContext<T>, undefined> {
  private readonly waiting = new Fifo<EventContext<T>>();
  private readonly readers = new Fifo<Reader<T>>();
  private subscription: Subscription | undefined;
  private isStarted = false;
  private isDone = false;
  private failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly source: Observable<EventContext<T>>,
    private readonly signal: AbortSignal | undefined,
    /** Adds an event to the buffer if no reader is waiting and there is room. */
    private readonly keep: (waiting: Fifo<EventContext<T>>, event: EventContext<T>) => void,
  ) {}

  next(): Promise<IteratorResult<EventContext<T>, undefined>> {
    if (!this.isStarted) this.start();
    return new Promise((resolve, reject) => {
      this.readers.push({ resolve, reject });
      this.answer();
    });
  }

  async return(): Promise<IteratorResult<EventContext<T>, undefined>> {
    this.drop();
    return { done: true, value: undefined };
  }

  private start(): void {
    this.isStarted = true;
    if (this.isDone) return;
    if (this.signal?.aborted) return this.drop();
    this.signal?.addEventListener('abort', this.drop, { once: true });
    this.subscription = this.source.subscribe({
      next: (event) => {
        // With a waiting reader the buffer is empty, and its limit does not matter.
        if (this.readers.length > 0) this.waiting.push(event);
        else this.keep(this.waiting, event);
        this.answer();
      },
      error: (error: unknown) => {
        this.failure = { error };
        this.end();
      },
      complete: () => this.end(),
    });
    // The source may have ended during the call.
    if (this.isDone) this.subscription.unsubscribe();
  }

  /** Ends at once: buffered events are dropped. */
  private readonly drop = (): void => {
    while (this.waiting.shift() !== undefined);
    this.end();
  };

  /** Ends after the buffered events are read. */
  private end(): void {
    this.isDone = true;
    this.subscription?.unsubscribe();
    this.signal?.removeEventListener('abort', this.drop);
    this.answer();
  }

  private answer(): void {
    while (this.readers.length > 0) {
      const event = this.waiting.shift();
      if (event === undefined && !this.isDone) return;
      const reader = this.readers.shift() as Reader<T>;
      if (event !== undefined) {
        reader.resolve({ done: false, value: event });
      } else if (this.failure !== undefined) {
        reader.reject(this.failure.error);
        this.failure = undefined;
      } else {
        reader.resolve({ done: true, value: undefined });
      }
    }
  }
}

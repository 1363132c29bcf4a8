import type { EventHandler } from './event.handler.js';
import type { QueueServices } from './handler.queue.js';
import { HandlerQueue } from './handler.queue.js';
import type { HandlerCallee } from './handler.runner.js';

/** The work that a handler had left when its time was up. */
export interface UnfinishedWork {
  readonly handler: string;
  /** Events being handled now. */
  readonly running: number;
  /** Events that are pending behind them. */
  readonly waiting: number;
}

/** The current work of one handler. */
export interface HandlerWork extends UnfinishedWork {
  /** Bytes of the messages of the pending events. */
  readonly waitingBytes: number;
  /** Events that were dropped because the buffer was full, since the start. */
  readonly dropped: number;
  /**
   * How long the oldest of its calls has run, in milliseconds, with an error of up to a tenth of `stuckAfterMs` or a second.
   * Absent when none runs.
   */
  readonly oldestCallMs?: number;
}

/** Keeps the queue of each handler, and knows what is still running. */
export class EventDispatcher {
  private readonly queues = new Map<EventHandler, HandlerQueue>();

  constructor(
    private readonly services: QueueServices,
    /** What to call instead of the handler now. */
    private readonly around: (handler: EventHandler) => HandlerCallee = (handler) => handler,
  ) {}

  add(handler: EventHandler): void {
    this.queues.set(handler, new HandlerQueue(handler, this.services, this.around(handler)));
  }

  /** From now on calls another callee instead of the handlers. */
  rewrap(): void {
    for (const [handler, queue] of this.queues) queue.callThrough(this.around(handler));
  }

  /** Events that the handler has already accepted are still handled. */
  remove(handler: EventHandler): void {
    const queue = this.queues.get(handler);
    if (queue === undefined) return;
    void queue.whenIdle().then(() => this.queues.delete(handler));
  }

  /** The handler's queue. Undefined if it was not added, or was removed and is done. */
  queueOf(handler: EventHandler): HandlerQueue | undefined {
    return this.queues.get(handler);
  }

  /** Resolves when no handler is running and no event is pending. */
  async whenIdle(): Promise<void> {
    while (this.isBusy()) {
      await Promise.all([...this.queues.values()].map((queue) => queue.whenIdle()));
    }
  }

  /** Aborts the signals of running calls, discards the pending events, and returns both. */
  abandon(reason: unknown): readonly UnfinishedWork[] {
    const unfinished = [...this.snapshot().values()].filter(({ running, waiting }) => running + waiting > 0);
    for (const queue of this.queues.values()) queue.abandon(reason);
    return unfinished;
  }

  snapshot(): ReadonlyMap<EventHandler, HandlerWork> {
    return new Map([...this.queues].map(([handler, queue]) => [handler, workOf(handler, queue)]));
  }

  private isBusy(): boolean {
    return [...this.queues.values()].some((queue) => queue.runningEvents > 0);
  }
}

function workOf({ name }: EventHandler, queue: HandlerQueue): HandlerWork {
  const { oldestCallMs } = queue;
  return {
    handler: name,
    running: queue.runningEvents,
    waiting: queue.waitingEvents,
    waitingBytes: queue.waitingBytes,
    dropped: queue.droppedEvents,
    ...(oldestCallMs === undefined ? {} : { oldestCallMs: Math.round(oldestCallMs) }),
  };
}

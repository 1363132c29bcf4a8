import type { EventHandler } from './event.handler.js';
import type { QueueServices } from './handler.queue.js';
import { HandlerQueue } from './handler.queue.js';
import type { HandlerCallee } from './handler.runner.js';

/** What a handler still had to do when the time for it was over. */
export interface UnfinishedWork {
  readonly handler: string;
  /** Events being handled now. */
  readonly running: number;
  /** Events that are pending behind them. */
  readonly waiting: number;
}

/** What one handler has to do right now. */
export interface HandlerWork extends UnfinishedWork {
  /** Bytes of the messages of the pending events. */
  readonly waitingBytes: number;
  /** Events that found no room in its buffer, since the start. */
  readonly dropped: number;
  /**
   * How long the oldest of its calls has run, in milliseconds, with an error of up to a tenth of `stuckAfterMs` or a second.
   * Absent when none runs.
   */
  readonly oldestCallMs?: number;
}

/** Keeps the queue of each handler and knows what is still going on. */
export class EventDispatcher {
  private readonly queues = new Map<EventHandler, HandlerQueue>();

  constructor(
    private readonly services: QueueServices,
    /** What is to be called in place of a handler now. */
    private readonly around: (handler: EventHandler) => HandlerCallee = (handler) => handler,
  ) {}

  add(handler: EventHandler): void {
    this.queues.set(handler, new HandlerQueue(handler, this.services, this.around(handler)));
  }

  /** What is called in place of the handlers may be another one from now on. */
  rewrap(): void {
    for (const [handler, queue] of this.queues) queue.callThrough(this.around(handler));
  }

  /** What the handler has accepted already still runs. */
  remove(handler: EventHandler): void {
    const queue = this.queues.get(handler);
    if (queue === undefined) return;
    void queue.whenIdle().then(() => this.queues.delete(handler));
  }

  /** Takes the handler's events. Undefined for one that was not added, or was removed and is done. */
  queueOf(handler: EventHandler): HandlerQueue | undefined {
    return this.queues.get(handler);
  }

  /** Resolves when no handler runs and none has anything waiting. */
  async whenIdle(): Promise<void> {
    while (this.isBusy()) {
      await Promise.all([...this.queues.values()].map((queue) => queue.whenIdle()));
    }
  }

  /** Aborts the signals of what runs, forgets what waits, and names both. */
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

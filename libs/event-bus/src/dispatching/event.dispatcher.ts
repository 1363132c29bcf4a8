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

/** One handler: what is called for it, and its queue once an event is on the way to it. Most handlers of a start have none yet. */
interface Desk {
  callee: HandlerCallee;
  queue: HandlerQueue | undefined;
}

/** Keeps the queue of each handler, and knows what is still running. */
export class EventDispatcher {
  private readonly desks = new Map<EventHandler, Desk>();

  constructor(
    private readonly services: QueueServices,
    /** What to call instead of the handler now. */
    private readonly around: (handler: EventHandler) => HandlerCallee = (handler) => handler,
  ) {}

  add(handler: EventHandler): void {
    this.desks.set(handler, { callee: this.around(handler), queue: undefined });
  }

  /** From now on calls another callee instead of the handlers. */
  rewrap(): void {
    for (const [handler, desk] of this.desks) {
      desk.callee = this.around(handler);
      desk.queue?.callThrough(desk.callee);
    }
  }

  /** Events that the handler has already accepted are still handled. */
  remove(handler: EventHandler): void {
    const queue = this.desks.get(handler)?.queue;
    if (queue === undefined) this.desks.delete(handler);
    else void queue.whenIdle().then(() => this.desks.delete(handler));
  }

  /** The handler's queue. Undefined if it was not added, or was removed and is done. */
  queueOf(handler: EventHandler): HandlerQueue | undefined {
    const desk = this.desks.get(handler);
    if (desk === undefined) return undefined;
    desk.queue ??= new HandlerQueue(handler, this.services, desk.callee);
    return desk.queue;
  }

  /** Resolves when no handler is running and no event is pending. */
  async whenIdle(): Promise<void> {
    while (this.isBusy()) await Promise.all(this.queues().map((queue) => queue.whenIdle()));
  }

  /** Aborts the signals of running calls, discards the pending events, and returns both. */
  abandon(reason: unknown): readonly UnfinishedWork[] {
    const unfinished = [...this.snapshot().values()].filter(({ running, waiting }) => running + waiting > 0);
    for (const queue of this.queues()) queue.abandon(reason);
    return unfinished;
  }

  snapshot(): ReadonlyMap<EventHandler, HandlerWork> {
    return new Map([...this.desks].map(([handler, { queue }]) => [handler, workOf(handler, queue)]));
  }

  private queues(): HandlerQueue[] {
    return [...this.desks.values()].flatMap(({ queue }) => queue ?? []);
  }

  private isBusy(): boolean {
    return this.queues().some((queue) => queue.runningEvents > 0);
  }
}

function workOf({ name }: EventHandler, queue: HandlerQueue | undefined): HandlerWork {
  if (queue === undefined) return { handler: name, running: 0, waiting: 0, waitingBytes: 0, dropped: 0 };
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

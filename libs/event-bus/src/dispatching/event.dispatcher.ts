import type { EventHandler, HandlerCallee } from './event.handler.js';
import type { QueueServices } from './handler.queue.js';
import { HandlerQueue } from './handler.queue.js';
import type { HandlerDurations } from './handler.totals.js';

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
  /** Events that it finished without a failure, since it was added. */
  readonly handled: number;
  /** Events for which it failed for the last time, refused ones included. */
  readonly failed: number;
  /** Calls that failed and were made again. */
  readonly repeated: number;
  /** Events that do not fit its contract, or could not be claimed by its group. */
  readonly rejected: number;
  /** Events that another instance of its group claimed. */
  readonly leftToGroup: number;
  /** How long its calls took. Absent while none was measured: calls are measured while an observer takes them. */
  readonly durations?: HandlerDurations;
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

/** Of a handler that has got no event yet. */
export const NO_WORK: Omit<HandlerWork, 'handler'> = {
  running: 0,
  waiting: 0,
  waitingBytes: 0,
  dropped: 0,
  handled: 0,
  failed: 0,
  repeated: 0,
  rejected: 0,
  leftToGroup: 0,
};

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
  if (queue === undefined) return { handler: name, ...NO_WORK };
  const { oldestCallMs, totals } = queue;
  const { handled, failed, repeated, rejected, leftToGroup, durations } = totals;
  return {
    handler: name,
    running: queue.runningEvents,
    waiting: queue.waitingEvents,
    waitingBytes: queue.waitingBytes,
    dropped: queue.droppedEvents,
    handled,
    failed,
    repeated,
    rejected,
    leftToGroup,
    ...(durations === undefined ? {} : { durations }),
    ...(oldestCallMs === undefined ? {} : { oldestCallMs: Math.round(oldestCallMs) }),
  };
}

import type { EventContext } from '../message/event-context.js';
import type { DispatchObserver } from './dispatch.observer.js';
import type { EventHandler } from './event.handler.js';
import { HandlerQueue } from './handler.queue.js';

/** What a handler still had to do when the time for it was over. */
export interface UnfinishedWork {
  readonly handler: string;
  readonly running: number;
  readonly waiting: number;
}

/** Hands accepted events to their handlers' queues and knows what is still going on. */
export class EventDispatcher {
  private readonly queues = new Map<EventHandler, HandlerQueue>();

  constructor(private readonly observer: DispatchObserver) {}

  add(handler: EventHandler): void {
    this.queues.set(handler, new HandlerQueue(handler, this.observer));
  }

  /** What the handler has accepted already still runs. */
  remove(handler: EventHandler): void {
    const queue = this.queues.get(handler);
    if (queue === undefined) return;
    void queue.whenIdle().then(() => this.queues.delete(handler));
  }

  dispatch(handler: EventHandler, event: EventContext): void {
    this.queues.get(handler)?.push(event);
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

  snapshot(): ReadonlyMap<EventHandler, UnfinishedWork> {
    return new Map(
      [...this.queues].map(([handler, queue]) => [
        handler,
        { handler: handler.name, running: queue.runningEvents, waiting: queue.waitingEvents },
      ]),
    );
  }

  private isBusy(): boolean {
    return [...this.queues.values()].some((queue) => queue.runningEvents > 0);
  }
}

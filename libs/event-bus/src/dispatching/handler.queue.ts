import type { PayloadInvalidError } from '../errors.js';
import type { EventContext } from '../message/event-context.js';
import { abortEvent, admitEvent } from '../message/event-context.js';
import type { DispatchObserver } from './dispatch.observer.js';
import type { EventHandler } from './event.handler.js';
import { Fifo } from './fifo.js';

/** The events of one channel behind the one that is being handled. */
type Lane = Fifo<EventContext>;

/**
 * The order in which one handler gets its events: those of one channel one at a time, as they were published;
 * different channels side by side. A lane exists only while an asynchronous call runs in it, so that a
 * synchronous handler costs none. An unordered handler has no lanes: all its events run side by side.
 */
export class HandlerQueue {
  private readonly lanes = new Map<string, Lane>();
  private readonly running = new Set<EventContext>();
  private waitingCount = 0;
  private idleListeners: (() => void)[] = [];

  constructor(
    readonly handler: EventHandler,
    private readonly observer: DispatchObserver,
  ) {}

  /** Events that are being handled now. */
  get runningEvents(): number {
    return this.running.size;
  }

  /** Events that wait for an earlier one of their channel. */
  get waitingEvents(): number {
    return this.waitingCount;
  }

  push(event: EventContext): void {
    const lane = this.lanes.get(event.channel);
    if (lane !== undefined) {
      lane.push(event);
      this.waitingCount += 1;
      return;
    }
    const call = this.start(event);
    if (call === undefined) return;
    if (this.handler.isUnordered !== true) this.lanes.set(event.channel, new Fifo());
    this.finish(event, call);
  }

  /** Resolves when nothing runs and nothing waits. */
  whenIdle(): Promise<void> {
    if (this.running.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.idleListeners.push(resolve));
  }

  /** Aborts the signal of what runs and forgets what waits. */
  abandon(reason: unknown): void {
    for (const event of this.running) abortEvent(event, reason);
    for (const lane of this.lanes.values()) while (lane.shift() !== undefined);
    this.waitingCount = 0;
  }

  /** Checks and handles one event; undefined when that is done already. Never rejects: it reports. */
  private start(event: EventContext): Promise<void> | undefined {
    const admitted = this.admit(event);
    if (typeof admitted === 'boolean') return admitted ? this.call(event) : undefined;
    return admitted.then((isAdmitted) => (isAdmitted ? this.call(event) : undefined));
  }

  /** Whether the payload fits its contract. */
  private admit(event: EventContext): boolean | Promise<boolean> {
    const reject = (error: unknown) => {
      this.observer.rejected(event.channel, error as PayloadInvalidError);
      return false;
    };
    try {
      return admitEvent(event)?.then(() => true, reject) ?? true;
    } catch (error) {
      return reject(error);
    }
  }

  private call(event: EventContext): Promise<void> | undefined {
    const { handler, observer } = this;
    try {
      const call = handler.invoke(event);
      if (call !== undefined) {
        return call.then(
          () => observer.handled(handler, event),
          (error: unknown) => observer.failed(handler, event, error),
        );
      }
      observer.handled(handler, event);
    } catch (error) {
      observer.failed(handler, event, error);
    }
    return undefined;
  }

  private finish(event: EventContext, work: Promise<void>): void {
    this.running.add(event);
    void work.then(() => this.next(event));
  }

  private next(finished: EventContext): void {
    this.running.delete(finished);
    const { channel } = finished;
    const lane = this.lanes.get(channel);
    for (let event = lane?.shift(); event !== undefined; event = lane?.shift()) {
      this.waitingCount -= 1;
      const call = this.start(event);
      if (call !== undefined) {
        this.finish(event, call);
        return;
      }
    }
    this.lanes.delete(channel);
    if (this.running.size > 0) return;
    const listeners = this.idleListeners;
    this.idleListeners = [];
    for (const listener of listeners) listener();
  }
}

import type { GapReporter } from '../gaps/gap.reporter.js';
import type { EventContext } from '../message/event-context.js';
import { unparkEvent } from '../message/event-context.js';
import type { EventHandler, HandlerCallee } from './event.handler.js';
import { DEFAULT_HANDLER_SETTINGS } from './handler.options.js';
import type { HandlerSettings } from './handler.options.js';
import type { SettledHandling } from './handling.outcome.js';
import { HandlerRunner } from './handler.runner.js';
import type { HandlerTotals } from './handler.totals.js';
import { MemoryBudget, heldBytesOf } from './memory.budget.js';
import { checkedKey } from './order.key.js';
import type { RunnerServices } from './runner.services.js';
import { SlowEpisodes } from './slow.episodes.js';
import { StuckCalls } from './stuck.calls.js';
import type { StuckWatch } from './stuck.watch.js';
import type { WaitingEvent } from './waiting.events.js';
import { WaitingEvents } from './waiting.events.js';

/** What a queue needs besides its handler. */
export interface QueueServices extends RunnerServices {
  readonly gaps: Pick<GapReporter, 'report'>;
  readonly watch: StuckWatch;
}

/**
 * Orders and limits the events of one handler: events with the same key (the channel, unless `orderBy` says otherwise) are
 * handled one at a time, in order of arrival; others concurrently, up to `concurrency`. Pending events are bounded, and so is
 * the memory of pending and running ones ({@link MemoryBudget}): events that are pending for long are decoded again when they
 * start. A synchronous handler costs none of this: its events are done when `push` returns.
 */
export class HandlerQueue {
  private readonly settings: HandlerSettings;
  private readonly runner: HandlerRunner;
  readonly totals: HandlerTotals;
  private readonly waiting = new WaitingEvents<EventContext>();
  /** performance.now() when it became pending; only while that is measured. */
  private readonly waitingSince = new WeakMap<EventContext, number>();
  private running = 0;
  /** Calls that have timed out and are still running. */
  private lingering = 0;
  /** The handler is being called, and has not returned yet. */
  private isCalling = false;
  /** An event arrived during a call. */
  private cameWithinCall = false;
  private readonly memory: MemoryBudget;
  private readonly slowness: SlowEpisodes;
  private readonly stuckCalls: StuckCalls;
  /** The next event waits for memory: no other heavy one may overtake it. */
  private isHeld = false;
  private idleListeners: (() => void)[] = [];

  constructor(
    handler: EventHandler,
    private readonly services: QueueServices,
    /** What is called instead of the handler. */
    callee: HandlerCallee = handler,
  ) {
    this.settings = handler.settings ?? DEFAULT_HANDLER_SETTINGS;
    this.memory = new MemoryBudget(this.settings);
    const { reporter, gaps, watch } = services;
    this.slowness = new SlowEpisodes(handler, this.settings.buffer, reporter, gaps);
    this.runner = new HandlerRunner(handler, callee, services, {
      begun: () => watch.begun(this.stuckCalls),
      lingers: (event) => {
        this.lingering += 1;
        this.memory.runs(event);
      },
      ended: (event) => {
        this.lingering -= 1;
        this.memory.ended(event);
        this.proceed();
      },
      done: (event, key) => {
        this.running -= 1;
        this.memory.ended(event);
        this.waiting.giveBack(key);
        this.proceed();
      },
    });
    this.totals = this.runner.totals;
    const { stuckAfterMs } = this.settings;
    this.stuckCalls = new StuckCalls(handler, stuckAfterMs, this.runner.calls, this.waiting, reporter);
  }

  /** Events that are being handled now, including timed-out calls that are still running. */
  get runningEvents(): number {
    return this.running + this.lingering;
  }

  /** Events that wait for an earlier one with the same key, or for `concurrency`. */
  get waitingEvents(): number {
    return this.waiting.length;
  }

  get waitingBytes(): number {
    return this.waiting.bytes;
  }

  /** Events that were dropped because the buffer was full. */
  get droppedEvents(): number {
    return this.slowness.droppedEvents;
  }

  /** How long the oldest call has run, in milliseconds, see {@link RunningCalls}. Undefined if none is running. */
  get oldestCallMs(): number | undefined {
    return this.runner.calls.look(performance.now())?.forMs;
  }

  callThrough(callee: HandlerCallee): void {
    this.runner.callee = callee;
  }

  push(event: EventContext): void {
    const { orderBy } = this.settings;
    if (typeof orderBy === 'function') this.pushByKey(event, orderBy);
    else this.place(event, orderBy === 'channel' ? event.channel : undefined);
  }

  /** Resolves when no event is running or pending. */
  whenIdle(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.idleListeners.push(resolve));
  }

  /** Aborts the signals of running calls and discards pending events, without a report: the bus is closing. */
  abandon(reason: unknown): void {
    while (this.dropOldest() !== undefined);
    this.slowness.forget();
    this.runner.abandon(reason);
  }

  private get isIdle(): boolean {
    return this.runningEvents === 0 && this.waiting.length === 0;
  }

  private get hasRoom(): boolean {
    return this.runningEvents < this.settings.concurrency;
  }

  private pushByKey(event: EventContext, orderBy: (event: EventContext) => string): void {
    let key: string;
    try {
      key = checkedKey(orderBy(event));
    } catch (error) {
      if (typeof this.runner.giveUp(event, error) !== 'string') this.follow(event);
      return;
    }
    this.place(event, key);
  }

  private place(event: EventContext, key: string | undefined): void {
    // While nothing is running, nothing is pending, and a single event may use any amount of memory.
    if (this.running + this.lingering === 0 && !this.isCalling) return this.start(event, key);
    if (this.isCalling || !this.hasRoom || this.waiting.isBusy(key)) return this.wait(event, key);
    if (this.mayStart(event)) return this.start(event, key);
    this.isHeld = true;
    this.wait(event, key);
  }

  private start(event: EventContext, key: unknown): void {
    const work = this.call(event, key, false);
    if (typeof work !== 'string') {
      this.waiting.occupy(key);
      this.follow(event);
    }
    if (this.cameWithinCall) this.proceed();
  }

  /** Events that arrive during the call become pending: their key may be the busy one. */
  private call(event: EventContext, key: unknown, hasWaited: boolean): SettledHandling {
    this.isCalling = true;
    const work = hasWaited ? this.runAfterWait(event, key) : this.runner.run(event, key);
    this.isCalling = false;
    return work;
  }

  /** The event is being handled, until the runner says that it is done. */
  private follow(event: EventContext): void {
    this.running += 1;
    this.memory.runs(event);
  }

  /** Starts as many pending events as fit. */
  private proceed(): void {
    if (this.isCalling) return;
    this.cameWithinCall = false;
    this.isHeld = false;
    while (this.hasRoom) {
      const head = this.waiting.peek();
      if (head === undefined) break;
      this.isHeld = !this.memory.hasRoomFor(head);
      if (this.isHeld) break;
      const { item, key, weight } = this.waiting.take() as WaitingEvent<EventContext>;
      this.memory.left(weight);
      const work = this.call(item, key, true);
      if (typeof work === 'string') this.waiting.giveBack(key);
      else this.follow(item);
    }
    this.stuckCalls.ended();
    if (this.waiting.length === 0) this.slowness.end();
    if (!this.isIdle) return;
    const listeners = this.idleListeners;
    this.idleListeners = [];
    for (const listener of listeners) listener();
  }

  private runAfterWait(event: EventContext, key: unknown): SettledHandling {
    try {
      unparkEvent(event);
    } catch (error) {
      // The codec decoded the same bytes before, but not this time.
      return this.runner.giveUp(event, error, key);
    }
    return this.runner.run(event, key, this.services.reporter.interest.timesCalls ? this.waitedMs(event) : 0);
  }

  private waitedMs(event: EventContext): number {
    const sinceMs = this.waitingSince.get(event);
    return sinceMs === undefined ? 0 : performance.now() - sinceMs;
  }

  private mayStart(event: EventContext): boolean {
    return this.memory.hasRoomFor(event) && (!this.isHeld || this.memory.isLight(event));
  }

  private wait(event: EventContext, key: unknown): void {
    if (this.isCalling) this.cameWithinCall = true;
    const bytes = heldBytesOf(event);
    const { buffer } = this.settings;
    this.slowness.grows(this.waiting.length + 1, this.waiting.bytes + bytes);
    if (buffer.overflow === 'drop-newest' || bytes > buffer.bytes) {
      if (!this.hasPlaceFor(bytes)) return this.slowness.drop(event);
    } else {
      while (!this.hasPlaceFor(bytes)) this.slowness.drop(this.dropOldest() as EventContext);
    }
    if (this.services.reporter.interest.timesCalls) this.waitingSince.set(event, performance.now());
    this.waiting.add(event, bytes, key, this.memory.waits(event));
  }

  private dropOldest(): EventContext | undefined {
    const dropped = this.waiting.dropOldest();
    if (dropped !== undefined) this.memory.left(dropped.weight);
    return dropped?.item;
  }

  private hasPlaceFor(bytes: number): boolean {
    const { buffer } = this.settings;
    return this.waiting.length < buffer.events && this.waiting.bytes + bytes <= buffer.bytes;
  }
}

import type { GapReporter } from '../gaps/gap.reporter.js';
import type { EventContext } from '../message/event-context.js';
import { unparkEvent } from '../message/event-context.js';
import type { EventHandler } from './event.handler.js';
import { DEFAULT_HANDLER_SETTINGS } from './handler.options.js';
import type { HandlerSettings } from './handler.options.js';
import type { HandlingOutcome, SettledHandling } from './handling.outcome.js';
import type { HandlerCallee, RunnerServices } from './handler.runner.js';
import { HandlerRunner } from './handler.runner.js';
import { MemoryBudget, heldBytesOf } from './memory.budget.js';
import { checkedKey } from './order.key.js';
import { SlowEpisodes } from './slow.episodes.js';
import { StuckCalls } from './stuck.calls.js';
import type { StuckWatch } from './stuck.watch.js';
import type { LaneTicket } from './waiting.events.js';
import { WaitingEvents } from './waiting.events.js';

/** What a queue needs beside its handler. */
export interface QueueServices extends RunnerServices {
  readonly gaps: Pick<GapReporter, 'report'>;
  readonly watch: StuckWatch;
}

/**
 * The order in which one handler gets its events, and how many: those with the same key (the channel, unless
 * `orderBy` says otherwise) one at a time, as they came; others side by side, up to `concurrency`. What
 * waits is bounded, and so is the memory of both ({@link MemoryBudget}): what waits for long is decoded again when its turn comes.
 * A synchronous handler costs none of this: its events are done when `push` returns.
 */
export class HandlerQueue {
  private readonly settings: HandlerSettings;
  private readonly runner: HandlerRunner;
  private readonly waiting = new WaitingEvents<EventContext>();
  /** performance.now() when it began to wait; only while that is measured. */
  private readonly waitingSince = new WeakMap<EventContext, number>();
  private running = 0;
  /** Calls that ran out of their time and go on nevertheless. */
  private lingering = 0;
  /** The handler is being called right now, and has not returned. */
  private isCalling = false;
  /** Something came within a call. */
  private cameWithinCall = false;
  private readonly memory: MemoryBudget;
  private readonly slowness: SlowEpisodes;
  private readonly stuckCalls: StuckCalls;
  /** The next event waits for room beside what runs: no other heavy one may overtake it. */
  private isHeld = false;
  private idleListeners: (() => void)[] = [];

  constructor(
    handler: EventHandler,
    private readonly services: QueueServices,
    /** What is called in place of the handler. */
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
    });
    const { stuckAfterMs } = this.settings;
    this.stuckCalls = new StuckCalls(handler, stuckAfterMs, this.runner.calls, this.waiting, reporter);
  }

  /** Events that are being handled now, and those whose time is over but not their call. */
  get runningEvents(): number {
    return this.running + this.lingering;
  }

  /** Events that wait for an earlier one with their key, or for room among `concurrency`. */
  get waitingEvents(): number {
    return this.waiting.length;
  }

  get waitingBytes(): number {
    return this.waiting.bytes;
  }

  /** Events for which there was no room. */
  get droppedEvents(): number {
    return this.slowness.droppedEvents;
  }

  /** How long the oldest call has run, in milliseconds, see {@link RunningCalls}. Undefined when none runs. */
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

  /** Resolves when nothing runs and nothing waits. */
  whenIdle(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.idleListeners.push(resolve));
  }

  /** Aborts the signal of what runs and forgets what waits: there is nobody left to reconcile, and nothing to catch up. */
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
      const work = this.runner.giveUp(event, error);
      if (typeof work !== 'string') this.follow(event, work, undefined);
      return;
    }
    this.place(event, key);
  }

  private place(event: EventContext, key: string | undefined): void {
    // While nothing runs nothing waits, and one event alone may take any memory.
    if (this.running + this.lingering === 0 && !this.isCalling) return this.start(event, key);
    if (this.isCalling || !this.hasRoom || this.waiting.isBusy(key)) return this.wait(event, key);
    if (this.mayStart(event)) return this.start(event, key);
    this.isHeld = true;
    this.wait(event, key);
  }

  private start(event: EventContext, key: unknown): void {
    const work = this.call(event, false);
    if (typeof work !== 'string') this.follow(event, work, this.waiting.occupy(key));
    if (this.cameWithinCall) this.proceed();
  }

  /** Whatever comes within the call waits: its key is busy from here on, as far as anybody can tell. */
  private call(event: EventContext, hasWaited: boolean): SettledHandling {
    this.isCalling = true;
    const work = hasWaited ? this.runAfterWait(event) : this.runner.run(event);
    this.isCalling = false;
    return work;
  }

  private follow(event: EventContext, work: Promise<HandlingOutcome>, ticket: LaneTicket): void {
    this.running += 1;
    this.memory.runs(event);
    const end = () => {
      this.running -= 1;
      this.memory.ended(event);
      this.waiting.giveBack(ticket);
      this.proceed();
    };
    // It never rejects; if it does after all, its key is free nevertheless.
    void work.then(end, end);
  }

  /** Starts what there is room for. */
  private proceed(): void {
    if (this.isCalling) return;
    this.cameWithinCall = false;
    this.isHeld = false;
    while (this.hasRoom) {
      const head = this.waiting.peek();
      if (head === undefined) break;
      this.isHeld = !this.memory.hasRoomFor(head);
      if (this.isHeld) break;
      const { item, ticket } = this.waiting.take() as NonNullable<ReturnType<typeof this.waiting.take>>;
      this.memory.left(item);
      const work = this.call(item, true);
      if (typeof work === 'string') this.waiting.giveBack(ticket);
      else this.follow(item, work, ticket);
    }
    this.stuckCalls.ended();
    if (this.waiting.length === 0) this.slowness.end();
    if (!this.isIdle) return;
    const listeners = this.idleListeners;
    this.idleListeners = [];
    for (const listener of listeners) listener();
  }

  private runAfterWait(event: EventContext): SettledHandling {
    try {
      unparkEvent(event);
    } catch (error) {
      // A codec that reads the same bytes another time, and not so.
      return this.runner.giveUp(event, error);
    }
    return this.runner.run(event, this.services.reporter.interest.timesCalls ? this.waitedMs(event) : 0);
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
    this.memory.waits(event);
    this.waiting.add(event, bytes, key);
  }

  private dropOldest(): EventContext | undefined {
    const event = this.waiting.dropOldest();
    if (event !== undefined) this.memory.left(event);
    return event;
  }

  private hasPlaceFor(bytes: number): boolean {
    const { buffer } = this.settings;
    return this.waiting.length < buffer.events && this.waiting.bytes + bytes <= buffer.bytes;
  }
}

import { windowSince } from '../clock.js';
import { ignoreRejection } from '../foreign.js';
import type { GapReporter } from '../gaps/gap.reporter.js';
import type { EventContext } from '../message/event-context.js';
import { originalOf, unparkEvent } from '../message/event-context.js';
import type { EventHandler } from './event.handler.js';
import { DEFAULT_HANDLER_SETTINGS } from './handler.options.js';
import type { HandlerSettings } from './handler.options.js';
import type { HandlingOutcome, SettledHandling } from './handling.outcome.js';
import type { HandlerCallee, RunnerServices } from './handler.runner.js';
import { HandlerRunner } from './handler.runner.js';
import { MemoryBudget } from './memory.budget.js';
import type { RunningCall } from './running.calls.js';
import type { StuckWatch, WatchedCalls } from './stuck.watch.js';
import type { LaneTicket } from './waiting.events.js';
import { WaitingEvents } from './waiting.events.js';

/** What a queue needs beside its handler. */
export interface QueueServices extends RunnerServices {
  readonly gaps: Pick<GapReporter, 'known'>;
  readonly watch: StuckWatch;
}

/** A longer channel name is counted as a part of its message. */
const NAME_LENGTH = 1_024;

/**
 * The order in which one handler gets its events, and how many: those with the same key (the channel, unless
 * `orderBy` says otherwise) one at a time, as they came; others side by side, up to `concurrency`. What
 * waits is bounded, and so is the memory of both ({@link MemoryBudget}): what waits for long is decoded again when its turn comes.
 * A synchronous handler costs none of this: its events are done when `push` returns.
 */
export class HandlerQueue implements WatchedCalls {
  private readonly settings: HandlerSettings;
  private readonly runner: HandlerRunner;
  private readonly waiting = new WaitingEvents<EventContext>();
  /** performance.now() when it began to wait; only while that is measured. */
  private readonly waitingSince = new WeakMap<EventContext, number>();
  private running = 0;
  /** The handler is being called right now, and has not returned. */
  private isCalling = false;
  /** Something came within a call. */
  private cameWithinCall = false;
  private dropped = 0;
  private readonly memory: MemoryBudget;
  /** The next event waits for room beside what runs: no other heavy one may overtake it. */
  private isHeld = false;
  /** Set while the handler is too slow: since a moment, see clock.ts. */
  private episode: { readonly sinceMs: number; droppedEvents: number } | undefined;
  /** The call that was warned of last, as long as one is stuck. */
  private stuck: EventContext | undefined;
  private idleListeners: (() => void)[] = [];

  constructor(
    readonly handler: EventHandler,
    private readonly services: QueueServices,
    /** What is called in place of the handler. */
    callee: HandlerCallee = handler,
  ) {
    this.settings = handler.settings ?? DEFAULT_HANDLER_SETTINGS;
    this.memory = new MemoryBudget(this.settings);
    this.runner = new HandlerRunner(handler, callee, services, {
      begun: () => services.watch.begun(this),
      lingers: (event) => this.memory.runs(event),
      ended: (event) => {
        this.memory.ended(event);
        this.proceed();
      },
    });
  }

  /** Events that are being handled now, and those whose time is over but not their call. */
  get runningEvents(): number {
    return this.running + this.runner.lingeringCalls;
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
    return this.dropped;
  }

  get stuckAfterMs(): number | false {
    return this.settings.stuckAfterMs;
  }

  /** How long the oldest call has run, in milliseconds, see {@link RunningCalls}. Undefined when none runs. */
  get oldestCallMs(): number | undefined {
    return this.runner.calls.look(performance.now())?.forMs;
  }

  /** Keys of which something runs or waits: bounded by both. */
  get watchedKeys(): number {
    return this.waiting.keyCount;
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
    this.episode = undefined;
    this.runner.abandon(reason);
  }

  /** One warning for all calls that are stuck at once. */
  look(nowMs: number): boolean {
    const oldest = this.runner.calls.look(nowMs);
    if (this.stuck !== undefined) this.endStuck(nowMs);
    if (oldest === undefined) return false;
    if (this.stuck === undefined && this.isStuck(oldest)) {
      this.stuck = oldest.event;
      this.services.reporter.stuck(this.handler, oldest, this.waiting.length);
    }
    return true;
  }

  private isStuck({ forMs }: RunningCall): boolean {
    return this.stuckAfterMs !== false && forMs >= this.stuckAfterMs;
  }

  /** When the call has ended after all, and no other one is stuck. */
  private endStuck(nowMs: number): void {
    const { calls } = this.runner;
    const event = this.stuck as EventContext;
    if (calls.has(event)) return;
    const oldest = calls.look(nowMs);
    this.stuck = oldest !== undefined && this.isStuck(oldest) ? oldest.event : undefined;
    if (this.stuck === undefined) this.services.reporter.unstuck(this.handler, event);
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
    if (this.isCalling || !this.hasRoom || this.waiting.isBusy(key)) return this.wait(event, key);
    if (this.mayStart(event)) return this.start(event, key);
    this.isHeld = true;
    this.wait(event, key);
  }

  private start(event: EventContext, key: unknown): void {
    const work = this.call(event);
    if (typeof work !== 'string') this.follow(event, work, this.waiting.occupy(key));
    if (this.cameWithinCall) this.proceed();
  }

  /** Whatever comes within the call waits: its key is busy from here on, as far as anybody can tell. */
  private call(event: EventContext): SettledHandling {
    this.isCalling = true;
    const work = this.resume(event);
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
      const work = this.call(item);
      if (typeof work === 'string') this.waiting.giveBack(ticket);
      else this.follow(item, work, ticket);
    }
    if (this.stuck !== undefined) this.endStuck(performance.now());
    if (this.waiting.length === 0) this.endEpisode();
    if (!this.isIdle) return;
    const listeners = this.idleListeners;
    this.idleListeners = [];
    for (const listener of listeners) listener();
  }

  private resume(event: EventContext): SettledHandling {
    try {
      unparkEvent(event);
    } catch (error) {
      // A codec that reads the same bytes another time, and not so.
      return this.runner.giveUp(event, error);
    }
    return this.runner.run(event, this.services.reporter.timesCalls ? this.waitedMs(event) : 0);
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
    this.warnBeforeDropping(bytes);
    if (buffer.overflow === 'drop-newest' || bytes > buffer.bytes) {
      if (!this.hasPlaceFor(bytes)) return this.drop(event);
    } else {
      while (!this.hasPlaceFor(bytes)) this.drop(this.dropOldest() as EventContext);
    }
    if (this.services.reporter.timesCalls) this.waitingSince.set(event, performance.now());
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

  private drop(event: EventContext): void {
    this.dropped += 1;
    if (this.episode !== undefined) this.episode.droppedEvents += 1;
    this.services.reporter.dropped(this.handler, event);
  }

  /** At half of a limit, so that there is time to do something about it. */
  private warnBeforeDropping(bytes: number): void {
    if (this.episode !== undefined) return;
    const { buffer } = this.settings;
    const [events, total] = [this.waiting.length + 1, this.waiting.bytes + bytes];
    if (events * 2 < buffer.events && total * 2 < buffer.bytes) return;
    this.episode = { sinceMs: performance.now(), droppedEvents: 0 };
    this.services.reporter.slowed(this.handler, events, total);
  }

  private endEpisode(): void {
    const { episode } = this;
    if (episode === undefined) return;
    this.episode = undefined;
    const { droppedEvents } = episode;
    const window = windowSince(episode.sinceMs);
    this.services.reporter.caughtUp(this.handler, { droppedEvents, fromMs: window.fromMs });
    if (droppedEvents === 0) return;
    this.services.gaps.known({
      reason: 'buffer-overflow',
      targets: this.handler.targets.map(({ text }) => text),
      ...window,
      missed: droppedEvents,
      hint: `${this.handler.name} was too slow.`,
    });
  }
}

function heldBytesOf(event: EventContext): number {
  const { bytes, channel } = originalOf(event);
  return channel.length > NAME_LENGTH ? bytes + channel.length : bytes;
}

/** Whoever returns something else has lost the order without noticing: undefined for a field that is not there, a promise. */
function checkedKey(key: unknown): string {
  if (typeof key === 'string') return key;
  if (typeof key === 'number' || typeof key === 'bigint') return String(key);
  ignoreRejection(key);
  throw new TypeError(`orderBy returned ${key === null ? 'null' : typeof key}. It must return a string.`);
}

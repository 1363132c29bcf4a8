import type { GroupClaimError, PayloadInvalidError } from '../errors.js';
import type { EventContext } from '../message/event-context.js';
import { abortEvent, admitEvent, repeatEvent } from '../message/event-context.js';
import { deadLetterFor } from './dead.letter.js';
import type { CallTimes } from './dispatch.reporter.js';
import { NEVER_CALLED, UNTIMED } from './dispatch.reporter.js';
import type { EventHandler, HandlerCallee } from './event.handler.js';
import { invokeFully, restIn } from './event.handler.js';
import { DEFAULT_HANDLER_SETTINGS } from './handler.options.js';
import type { HandlerSettings } from './handler.options.js';
import { isWorthRepeating } from './handling.failure.js';
import { HandlerTotals } from './handler.totals.js';
import type { HandlingOutcome, PendingHandling, SettledHandling } from './handling.outcome.js';
import { Pauses } from './pauses.js';
import type { RunnerOwner, RunnerServices } from './runner.services.js';
import type { BegunCall } from './running.calls.js';
import { RunningCalls } from './running.calls.js';
import { TimedCalls } from './timed.calls.js';

/**
 * Handles one event at a time with one handler: claims it, checks it, calls the handler, and retries. Every outcome is
 * reported; no promise rejects.
 */
export class HandlerRunner {
  private readonly settings: HandlerSettings;
  private readonly isPlain: boolean;
  /** Includes timed-out calls, and events that wait for an asynchronous schema or for a claim. */
  readonly calls = new RunningCalls();
  readonly totals = new HandlerTotals();
  private readonly pauses = new Pauses();
  private isAbandoned = false;
  private readonly timedCalls: TimedCalls;

  constructor(
    private readonly handler: EventHandler,
    /** May change between events. */
    public callee: HandlerCallee,
    private readonly services: RunnerServices,
    private readonly owner: RunnerOwner,
  ) {
    this.settings = handler.settings ?? DEFAULT_HANDLER_SETTINGS;
    const { timeoutMs, retry, deadLetter, group } = this.settings;
    this.timedCalls = new TimedCalls(handler.name, timeoutMs, owner);
    this.isPlain = timeoutMs === undefined && retry.attempts === 1 && deadLetter === false && group === false;
  }

  /** The owner gets `key` back when the event is done. @param waitedMs how long it was pending, where that is measured */
  run(event: EventContext, key?: unknown, waitedMs = 0): SettledHandling {
    return this.isPlain
      ? this.runPlainly(event, key, waitedMs)
      : this.followed(event, key, this.runCarefully(event, waitedMs));
  }

  /** For an event whose handler was not called. */
  giveUp(event: EventContext, error: unknown, key?: unknown): SettledHandling {
    const outcome = this.failed(event, error, NEVER_CALLED);
    if (this.settings.deadLetter === false) return outcome;
    return this.followed(event, key, this.sendDeadLetter(outcome, event, error, 0));
  }

  /** Aborts the signals of running calls. Nothing is retried, and nothing starts. */
  abandon(reason: unknown): void {
    this.isAbandoned = true;
    for (const event of this.calls.events()) abortEvent(event, reason);
    this.pauses.end();
  }

  private runPlainly(event: EventContext, key: unknown, waitedMs: number): SettledHandling {
    let admitted: void | Promise<void>;
    try {
      admitted = admitEvent(event);
    } catch (error) {
      return this.rejected(event, error);
    }
    return admitted === undefined
      ? this.callPlainly(event, key, waitedMs)
      : this.followed(event, key, this.callAdmitted(this.begin(event), waitedMs, admitted));
  }

  /** One promise for the whole event beside the handler's own: each one more would cost as much as a synchronous handler. */
  private callPlainly(event: EventContext, key: unknown, waitedMs: number): SettledHandling {
    const { callee } = this;
    const startedMs = this.startedMs();
    let work: void | Promise<unknown>;
    try {
      work = this.services.context.run(invoke, callee, event);
    } catch (error) {
      return this.failed(event, error, timesOf(1, waitedMs, startedMs));
    }
    if (work === undefined) return this.handled(event, timesOf(1, waitedMs, startedMs));
    const call = this.begin(event);
    const end = (result: unknown): SettledHandling => {
      const rest = result === undefined ? undefined : restIn(callee, result);
      if (rest !== undefined) return rest.then(end, fail);
      return this.endPlainly(call, key, timesOf(1, waitedMs, startedMs));
    };
    const fail = (error: unknown): HandlingOutcome =>
      this.endPlainly(call, key, timesOf(1, waitedMs, startedMs), { error });
    return work.then(end, fail);
  }

  private endPlainly(
    call: BegunCall,
    key: unknown,
    times: CallTimes,
    thrown?: { readonly error: unknown },
  ): HandlingOutcome {
    this.calls.end(call);
    try {
      if (thrown === undefined) return this.handled(call.event, times);
      return this.failed(call.event, thrown.error, times);
    } finally {
      this.owner.done(call.event, key);
    }
  }

  private async runCarefully(event: EventContext, waitedMs: number): PendingHandling {
    const call = this.begin(event);
    const claimed = this.settings.group === false ? undefined : await this.claim(this.settings.group, event);
    if (claimed === undefined) return this.callAdmitted(call, waitedMs);
    this.calls.end(call);
    return claimed;
  }

  /** @param admission that of {@link admitEvent}, where it was called before */
  private async callAdmitted(call: BegunCall, waitedMs: number, admission?: Promise<void>): PendingHandling {
    const { event } = call;
    try {
      const admitted = admission ?? admitEvent(event);
      if (admitted !== undefined) await admitted;
    } catch (error) {
      this.calls.end(call);
      return this.sendDeadLetter(this.rejected(event, error), event, error, 0);
    }
    if (!this.isAbandoned) return this.callRepeatedly(call, waitedMs);
    this.calls.end(call);
    return 'abandoned';
  }

  private async callRepeatedly(first: BegunCall, waitedMs: number): PendingHandling {
    const { attempts, delayMs, factor } = this.settings.retry;
    for (let attempt = 1; ; attempt += 1) {
      const call = attempt === 1 ? first : this.begin(repeatEvent(first.event, attempt));
      const startedMs = this.startedMs();
      try {
        await this.callInTime(call);
        return this.handled(call.event, timesOf(attempt, waitedMs, startedMs));
      } catch (error) {
        const times = timesOf(attempt, waitedMs, startedMs);
        const isLast = attempt === attempts || !isWorthRepeating(error);
        if (!isLast && !this.isAbandoned) await this.pauses.pause(delayMs * factor ** (attempt - 1));
        if (isLast || this.isAbandoned)
          return this.sendDeadLetter(this.failed(call.event, error, times), call.event, error, attempt);
        this.totals.repeated += 1;
        this.totals.measured(times);
        this.services.reporter.repeated(this.handler, call.event, error, times);
      }
    }
  }

  /** Undefined where this instance has claimed the event. */
  private async claim(group: string, event: EventContext): Promise<HandlingOutcome | undefined> {
    const { reporter, claims } = this.services;
    try {
      if ((await claims.take(group, event)) === 'ours') return undefined;
      this.totals.leftToGroup += 1;
      reporter.leftToGroup(this.handler, event);
      return 'left';
    } catch (error) {
      return this.rejected(event, error);
    }
  }

  /** Settles with the call, or rejects when it times out. */
  private async callInTime(call: BegunCall): Promise<void> {
    let work: void | Promise<void>;
    try {
      work = this.services.context.run(invokeFully, this.callee, call.event);
    } catch (error) {
      this.calls.end(call);
      throw error;
    }
    if (work === undefined) return this.calls.end(call);
    const ended = work.finally(() => this.calls.end(call));
    return this.timedCalls.inTime(ended, call.event);
  }

  /** Tells the owner when it is done. It never rejects; if it did, its key would be given back all the same. */
  private followed(event: EventContext, key: unknown, work: PendingHandling): PendingHandling {
    const end = () => this.owner.done(event, key);
    void work.then(end, end);
    return work;
  }

  private begin(event: EventContext): BegunCall {
    if (this.calls.isEmpty) this.owner.begun();
    return this.calls.begin(event);
  }

  /** When a call starts. 0 while nobody measures. */
  private startedMs(): number {
    return this.services.reporter.interest.timesCalls ? performance.now() : 0;
  }

  private handled(event: EventContext, times: CallTimes): HandlingOutcome {
    this.totals.handled += 1;
    if (times !== UNTIMED) this.totals.measured(times);
    this.services.reporter.handled(this.handler, event, times);
    return 'handled';
  }

  private failed(event: EventContext, error: unknown, times: CallTimes): HandlingOutcome {
    this.totals.failed += 1;
    this.totals.measured(times);
    this.services.reporter.failed(this.handler, event, error, times);
    return 'failed';
  }

  private rejected(event: EventContext, error: unknown): HandlingOutcome {
    this.totals.rejected += 1;
    this.services.reporter.rejected(event.channel, error as PayloadInvalidError | GroupClaimError);
    return 'rejected';
  }

  /** Publishes the dead letter, if the handler has a channel for it. Resolves with the outcome. */
  private async sendDeadLetter(
    outcome: HandlingOutcome,
    event: EventContext,
    error: unknown,
    attempts: number,
  ): PendingHandling {
    const { deadLetter } = this.settings;
    if (deadLetter === false) return outcome;
    await this.services.deadLetters.send(
      deadLetter,
      deadLetterFor(this.handler.name, event, error, attempts),
      event,
    );
    return outcome;
  }
}

function invoke(callee: HandlerCallee, event: EventContext): void | Promise<unknown> {
  return callee.invoke(event);
}

/** The times of a call that has ended. */
function timesOf(attempt: number, waitedMs: number, startedMs: number): CallTimes {
  return startedMs === 0 ? UNTIMED : { attempt, waitedMs, tookMs: performance.now() - startedMs };
}

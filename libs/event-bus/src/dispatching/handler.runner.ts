import type { GroupClaimError, PayloadInvalidError } from '../errors.js';
import type { EventContext } from '../message/event-context.js';
import { abortEvent, admitEvent, originalOf, repeatEvent } from '../message/event-context.js';
import type { CallContext } from './call.context.js';
import type { DeadLetterSink } from './dead.letter.js';
import { errorOfDeadLetter, eventOfDeadLetter, deadLetterOf } from './dead.letter.js';
import type { CallTimes, DispatchReporter } from './dispatch.reporter.js';
import { NEVER_CALLED, UNTIMED } from './dispatch.reporter.js';
import type { EventHandler } from './event.handler.js';
import type { GroupClaims } from './group.claims.js';
import { DEFAULT_HANDLER_SETTINGS } from './handler.options.js';
import type { HandlerSettings } from './handler.options.js';
import { isWorthRepeating, thrownIn } from './handling.failure.js';
import { HandlerTotals } from './handler.totals.js';
import type { HandlingOutcome, SettledHandling } from './handling.outcome.js';
import { Pauses } from './pauses.js';
import { RunningCalls } from './running.calls.js';
import type { LingeringListener } from './timed.calls.js';
import { TimedCalls } from './timed.calls.js';

/** What a runner needs besides the handler. */
export interface RunnerServices {
  readonly reporter: DispatchReporter;
  readonly deadLetters: DeadLetterSink;
  readonly claims: GroupClaims;
  readonly context: CallContext;
}

/** Receives what the outcomes of {@link HandlerRunner.run} do not show. */
export interface RunnerOwner extends LingeringListener {
  /** The first call started after none was running. */
  begun(): void;
}

/** The handler, or what is called instead of it. */
export type HandlerCallee = Pick<EventHandler, 'invoke'>;

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

  /** @param waitedMs how long the event was pending, where that is measured */
  run(event: EventContext, waitedMs = 0): SettledHandling {
    return this.isPlain ? this.runPlainly(event, waitedMs) : this.runCarefully(event, waitedMs);
  }

  /** For an event whose handler was not called. */
  giveUp(event: EventContext, error: unknown): SettledHandling {
    const outcome = this.failed(event, error, NEVER_CALLED);
    return this.settings.deadLetter === false ? outcome : this.sendDeadLetter(outcome, event, error, 0);
  }

  /** Aborts the signals of running calls. Nothing is retried, and nothing starts. */
  abandon(reason: unknown): void {
    this.isAbandoned = true;
    for (const event of this.calls.events()) abortEvent(event, reason);
    this.pauses.end();
  }

  private runPlainly(event: EventContext, waitedMs: number): SettledHandling {
    let admitted: void | Promise<void>;
    try {
      admitted = admitEvent(event);
    } catch (error) {
      return this.rejected(event, error);
    }
    if (admitted === undefined) return this.callPlainly(event, waitedMs);
    this.begin(event);
    return admitted.then(
      () => {
        this.calls.end(event);
        return this.isAbandoned ? 'abandoned' : this.callPlainly(event, waitedMs);
      },
      (error: unknown) => {
        this.calls.end(event);
        return this.rejected(event, error);
      },
    );
  }

  private callPlainly(event: EventContext, waitedMs: number): SettledHandling {
    const startedMs = this.startedMs();
    try {
      const call = this.services.context.run(invoke, this.callee, event);
      if (call === undefined) return this.handled(event, timesOf(1, waitedMs, startedMs));
      this.begin(event);
      return call.then(
        () => {
          this.calls.end(event);
          return this.handled(event, timesOf(1, waitedMs, startedMs));
        },
        (error: unknown) => {
          this.calls.end(event);
          return this.failed(event, error, timesOf(1, waitedMs, startedMs));
        },
      );
    } catch (error) {
      return this.failed(event, error, timesOf(1, waitedMs, startedMs));
    }
  }

  private async runCarefully(event: EventContext, waitedMs: number): Promise<HandlingOutcome> {
    this.begin(event);
    const { group } = this.settings;
    const claimed = group === false ? undefined : await this.claim(group, event);
    if (claimed !== undefined) {
      this.calls.end(event);
      return claimed;
    }
    try {
      const admitted = admitEvent(event);
      if (admitted !== undefined) await admitted;
    } catch (error) {
      this.calls.end(event);
      return this.sendDeadLetter(this.rejected(event, error), event, error, 0);
    }
    if (!this.isAbandoned) return this.callRepeatedly(event, waitedMs);
    this.calls.end(event);
    return 'abandoned';
  }

  private async callRepeatedly(event: EventContext, waitedMs: number): Promise<HandlingOutcome> {
    const { attempts, delayMs, factor } = this.settings.retry;
    for (let attempt = 1; ; attempt += 1) {
      const current = attempt === 1 ? event : repeatEvent(event);
      if (current !== event) this.begin(current);
      const startedMs = this.startedMs();
      try {
        await this.callInTime(current);
        return this.handled(current, timesOf(attempt, waitedMs, startedMs));
      } catch (error) {
        const times = timesOf(attempt, waitedMs, startedMs);
        const isLast = attempt === attempts || !isWorthRepeating(error);
        if (!isLast && !this.isAbandoned) await this.pauses.pause(delayMs * factor ** (attempt - 1));
        if (isLast || this.isAbandoned)
          return this.sendDeadLetter(this.failed(current, error, times), event, error, attempt);
        this.totals.repeated += 1;
        this.totals.measured(times);
        this.services.reporter.repeated(this.handler, current, error, times);
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
  private async callInTime(event: EventContext): Promise<void> {
    let call: void | Promise<void>;
    try {
      call = this.services.context.run(invoke, this.callee, event);
    } catch (error) {
      this.calls.end(event);
      throw error;
    }
    if (call === undefined) return this.calls.end(event);
    const ended = call.finally(() => this.calls.end(event));
    return this.timedCalls.inTime(ended, event);
  }

  private begin(event: EventContext): void {
    if (this.calls.isEmpty) this.owner.begun();
    this.calls.begin(event);
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
  ): Promise<HandlingOutcome> {
    const { deadLetter } = this.settings;
    if (deadLetter === false) return outcome;
    const { name: handler } = this.handler;
    const details = { error: errorOfDeadLetter(thrownIn(error)), handler, bus: event.bus, attempts };
    const letter = deadLetterOf(eventOfDeadLetter(event), originalOf(event).payload, details);
    await this.services.deadLetters.send(deadLetter, letter);
    return outcome;
  }
}

function invoke(callee: HandlerCallee, event: EventContext): void | Promise<void> {
  return callee.invoke(event);
}

/** The times of a call that has ended. */
function timesOf(attempt: number, waitedMs: number, startedMs: number): CallTimes {
  return startedMs === 0 ? UNTIMED : { attempt, waitedMs, tookMs: performance.now() - startedMs };
}

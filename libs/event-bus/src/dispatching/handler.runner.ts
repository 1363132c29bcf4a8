import type { PayloadInvalidError } from '../errors.js';
import { GroupClaimError, HandlerTimeoutError } from '../errors.js';
import type { EventContext } from '../message/event-context.js';
import { abortEvent, admitEvent, originalOf, repeatEvent } from '../message/event-context.js';
import type { CallContext } from './call.context.js';
import type { DeadLetterOffice } from './dead.letter.js';
import { errorOfLetter, eventOfLetter, letterOf } from './dead.letter.js';
import type { DispatchObserver } from './dispatch.observer.js';
import type { EventHandler } from './event.handler.js';
import type { GroupClaims } from './group.claims.js';
import { DEFAULT_HANDLER_SETTINGS } from './handler.options.js';
import type { HandlerSettings } from './handler.options.js';
import { isWorthRepeating, thrownIn } from './handling.failure.js';
import { RunningCalls } from './running.calls.js';

/** What a runner needs beside the handler. */
export interface RunnerServices {
  readonly observer: DispatchObserver;
  readonly deadLetters: DeadLetterOffice;
  readonly claims: GroupClaims;
  readonly context: CallContext;
}

/** Hears what it cannot see from the promises of {@link HandlerRunner.run}. */
export interface RunnerOwner {
  /** A call has run out of its time, and goes on. */
  lingers?(event: EventContext): void;
  /** Such a call has ended after all. */
  ended(event: EventContext): void;
  /** Something runs, where nothing did before. */
  begun(): void;
}

/** Handles one event at a time with one handler: claims it, checks it, calls the handler, again if need be. */
export class HandlerRunner {
  private readonly settings: HandlerSettings;
  private readonly isPlain: boolean;
  /** Those that ran out of their time included, and those that wait for an asynchronous schema or for a claim. */
  readonly calls = new RunningCalls();
  private readonly pauses = new Set<() => void>();
  private isAbandoned = false;
  private lingering = 0;

  constructor(
    private readonly handler: EventHandler,
    private readonly services: RunnerServices,
    private readonly owner: RunnerOwner,
  ) {
    this.settings = handler.settings ?? DEFAULT_HANDLER_SETTINGS;
    const { timeoutMs, retry, deadLetter, group } = this.settings;
    this.isPlain = timeoutMs === undefined && retry.attempts === 1 && deadLetter === false && group === false;
  }

  /** Calls that ran out of their time and go on nevertheless. */
  get lingeringCalls(): number {
    return this.lingering;
  }

  /** Undefined when it is done already. Never rejects: it reports. */
  run(event: EventContext): Promise<void> | undefined {
    return this.isPlain ? this.runPlainly(event) : this.runCarefully(event);
  }

  /** Reports an event that never came to a call, as one that failed. Undefined when it is done already. */
  giveUp(event: EventContext, error: unknown): Promise<void> | undefined {
    this.services.observer.failed(this.handler, event, error);
    return this.settings.deadLetter === false ? undefined : this.bury(event, error, 0);
  }

  /** Aborts the signals of what runs. Nothing is tried again, and nothing begins. */
  abandon(reason: unknown): void {
    this.isAbandoned = true;
    for (const event of this.calls.events()) abortEvent(event, reason);
    for (const end of this.pauses) end();
  }

  private runPlainly(event: EventContext): Promise<void> | undefined {
    let admitted: void | Promise<void>;
    try {
      admitted = admitEvent(event);
    } catch (error) {
      this.reject(event, error);
      return undefined;
    }
    if (admitted === undefined) return this.callPlainly(event);
    this.begin(event);
    return admitted.then(
      () => {
        this.calls.end(event);
        return this.isAbandoned ? undefined : this.callPlainly(event);
      },
      (error: unknown) => {
        this.calls.end(event);
        this.reject(event, error);
      },
    );
  }

  private callPlainly(event: EventContext): Promise<void> | undefined {
    const { handler } = this;
    const { observer, context } = this.services;
    try {
      const call = context.run(invoke, handler, event);
      if (call === undefined) {
        observer.handled(handler, event);
        return undefined;
      }
      this.begin(event);
      return call.then(
        () => {
          this.calls.end(event);
          observer.handled(handler, event);
        },
        (error: unknown) => {
          this.calls.end(event);
          observer.failed(handler, event, error);
        },
      );
    } catch (error) {
      observer.failed(handler, event, error);
      return undefined;
    }
  }

  private begin(event: EventContext): void {
    if (this.calls.isEmpty) this.owner.begun();
    this.calls.begin(event);
  }

  private async runCarefully(event: EventContext): Promise<void> {
    const { handler, settings } = this;
    const { observer } = this.services;
    this.begin(event);
    if (settings.group !== false && !(await this.isOurs(settings.group, event))) return this.calls.end(event);
    try {
      const admitted = admitEvent(event);
      if (admitted !== undefined) await admitted;
    } catch (error) {
      this.calls.end(event);
      this.reject(event, error);
      return this.bury(event, error, 0);
    }
    if (this.isAbandoned) return this.calls.end(event);
    const { attempts, delayMs, factor } = settings.retry;
    for (let attempt = 1; ; attempt += 1) {
      const current = attempt === 1 ? event : repeatEvent(event);
      if (current !== event) this.begin(current);
      try {
        await this.callInTime(current);
        observer.handled(handler, current);
        return;
      } catch (error) {
        const isLast = attempt === attempts || !isWorthRepeating(error);
        if (!isLast) await this.pause(delayMs * factor ** (attempt - 1));
        if (isLast || this.isAbandoned) {
          observer.failed(handler, current, error);
          return this.bury(event, error, attempt);
        }
        observer.repeated(handler, current, error);
      }
    }
  }

  private async isOurs(group: string, event: EventContext): Promise<boolean> {
    const { observer, claims } = this.services;
    try {
      if ((await claims.take(group, event)) === 'ours') return true;
      observer.leftToGroup(this.handler);
    } catch (error) {
      observer.rejected(event.channel, error as GroupClaimError);
    }
    return false;
  }

  /** Settles with the call, or rejects when its time is over. */
  private async callInTime(event: EventContext): Promise<void> {
    const { timeoutMs } = this.settings;
    let call: void | Promise<void>;
    try {
      call = this.services.context.run(invoke, this.handler, event);
    } catch (error) {
      this.calls.end(event);
      throw error;
    }
    if (call === undefined) return this.calls.end(event);
    let isLate = false;
    const settled = call.finally(() => {
      this.calls.end(event);
      if (!isLate) return;
      this.lingering -= 1;
      this.owner.ended(event);
    });
    if (timeoutMs === undefined) return settled;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        isLate = true;
        this.lingering += 1;
        this.owner.lingers?.(event);
        const error = new HandlerTimeoutError(this.handler.name, timeoutMs);
        abortEvent(event, error);
        reject(error);
      }, timeoutMs);
    });
    // What it comes to afterwards was reported as late.
    settled.catch(() => undefined);
    try {
      await Promise.race([settled, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private reject(event: EventContext, error: unknown): void {
    this.services.observer.rejected(event.channel, error as PayloadInvalidError);
  }

  /** Publishes the dead letter, if there is a channel for it. */
  private async bury(event: EventContext, error: unknown, attempts: number): Promise<void> {
    const { deadLetter } = this.settings;
    if (deadLetter === false) return;
    const details = {
      error: errorOfLetter(thrownIn(error)),
      handler: this.handler.name,
      bus: event.bus,
      attempts,
    };
    const letter = letterOf(eventOfLetter(event), originalOf(event).payload, details);
    await this.services.deadLetters.send(deadLetter, letter);
  }

  /** Over at once when the work is abandoned. */
  private async pause(delayMs: number): Promise<void> {
    if (this.isAbandoned) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.pauses.delete(end);
        resolve();
      };
      const timer = setTimeout(end, Math.min(delayMs, MAX_TIMER_MS));
      this.pauses.add(end);
    });
  }
}

function invoke(handler: EventHandler, event: EventContext): void | Promise<void> {
  return handler.invoke(event);
}

/** What a timer of Node can wait for at most. */
const MAX_TIMER_MS = 2 ** 31 - 1;

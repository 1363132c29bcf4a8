import { HandlerTimeoutError } from '../errors.js';
import type { EventContext } from '../message/event-context.js';
import { abortEvent } from '../message/event-context.js';

/** Hears of calls that run out of their time. */
export interface LingeringListener {
  /** A call has run out of its time, and goes on. */
  lingers(event: EventContext): void;
  /** Such a call has ended after all. */
  ended(event: EventContext): void;
}

/** The calls of one handler, each of which may take so long and no longer. */
export class TimedCalls {
  constructor(
    private readonly handler: string,
    private readonly timeoutMs: number | undefined,
    private readonly listener: LingeringListener,
  ) {}

  /** Settles with the call, or rejects with a HandlerTimeoutError when its time is over: the call's signal is aborted then. */
  async inTime(call: Promise<void>, event: EventContext): Promise<void> {
    const { timeoutMs } = this;
    if (timeoutMs === undefined) return call;
    let isLate = false;
    const settled = call.finally(() => {
      if (isLate) this.listener.ended(event);
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        isLate = true;
        this.listener.lingers(event);
        const error = new HandlerTimeoutError(this.handler, timeoutMs);
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
}

import { HandlerTimeoutError } from '../errors.js';
import type { EventContext } from '../message/event-context.js';
import { abortEvent } from '../message/event-context.js';

/** Receives calls that time out. */
export interface LingeringListener {
  /** A call has timed out, and is still running. */
  lingers(event: EventContext): void;
  /** A timed-out call has ended. */
  ended(event: EventContext): void;
}

/** The calls of one handler, each with the same time limit. */
export class TimedCalls {
  constructor(
    private readonly handler: string,
    private readonly timeoutMs: number | undefined,
    private readonly listener: LingeringListener,
  ) {}

  /** Settles with the call, or rejects with a HandlerTimeoutError when it times out: the call's signal is aborted then. */
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
    // Its result does not matter any more: the timeout was reported.
    settled.catch(() => undefined);
    try {
      await Promise.race([settled, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

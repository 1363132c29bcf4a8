import type { CallTimes } from './dispatch.reporter.js';
import { NEVER_CALLED, UNTIMED } from './dispatch.reporter.js';

/** How long the calls of a handler took that were measured. A call is only measured while an observer takes calls. */
export interface HandlerDurations {
  /** How many calls were measured, repeated ones included. */
  readonly calls: number;
  /** The sum of their durations, in milliseconds. */
  readonly tookMs: number;
  /** The duration of the slowest one, in milliseconds. */
  readonly slowestMs: number;
  /** For how long their events were pending before the first call, in milliseconds: the sum over all events. */
  readonly waitedMs: number;
}

/** What one handler has done since it was added. Plain numbers: an event costs an addition. */
export class HandlerTotals {
  handled = 0;
  failed = 0;
  repeated = 0;
  rejected = 0;
  leftToGroup = 0;
  private calls = 0;
  private tookMs = 0;
  private slowestMs = 0;
  private waitedMs = 0;

  /** Undefined while no call was measured. */
  get durations(): HandlerDurations | undefined {
    const { calls, tookMs, slowestMs, waitedMs } = this;
    return calls === 0 ? undefined : { calls, tookMs, slowestMs, waitedMs };
  }

  /** Adds a call that was measured, and none that was not. */
  measured(times: CallTimes): void {
    if (times === UNTIMED || times === NEVER_CALLED) return;
    this.calls += 1;
    this.tookMs += times.tookMs;
    this.slowestMs = Math.max(this.slowestMs, times.tookMs);
    if (times.attempt === 1) this.waitedMs += times.waitedMs;
  }
}

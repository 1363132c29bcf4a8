import type { DispatchReporter } from './dispatch.reporter.js';
import type { EventHandler } from './event.handler.js';
import type { BegunCall, RunningCall, RunningCalls } from './running.calls.js';
import type { WatchedCalls } from './stuck.watch.js';

/** Reports calls of one handler that do not end, once for all that are stuck at the same time. */
export class StuckCalls implements WatchedCalls {
  /** The call that was reported last, while any is stuck. */
  private reported: BegunCall | undefined;

  constructor(
    private readonly handler: EventHandler,
    readonly stuckAfterMs: number | false,
    private readonly calls: RunningCalls,
    private readonly waiting: { readonly length: number },
    private readonly reporter: DispatchReporter,
  ) {}

  look(nowMs: number): boolean {
    const oldest = this.calls.look(nowMs);
    if (this.reported !== undefined) this.endReported(nowMs);
    if (oldest === undefined) return false;
    if (this.reported === undefined && this.isStuck(oldest)) {
      this.reported = oldest.call;
      this.reporter.stuck(this.handler, oldest, this.waiting.length);
    }
    return true;
  }

  /** A call has ended. */
  ended(): void {
    if (this.reported !== undefined) this.endReported(performance.now());
  }

  /** The stuck call has ended, and no other one is stuck. */
  private endReported(nowMs: number): void {
    const { isRunning, event } = this.reported as BegunCall;
    if (isRunning) return;
    const oldest = this.calls.look(nowMs);
    this.reported = oldest !== undefined && this.isStuck(oldest) ? oldest.call : undefined;
    if (this.reported === undefined) this.reporter.unstuck(this.handler, event);
  }

  private isStuck({ forMs }: RunningCall): boolean {
    return this.stuckAfterMs !== false && forMs >= this.stuckAfterMs;
  }
}

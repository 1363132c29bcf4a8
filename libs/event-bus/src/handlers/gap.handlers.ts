import type { CallContext } from '../dispatching/call.context.js';
import type { StuckWatch, WatchedCalls } from '../dispatching/stuck.watch.js';
import type { Gap } from '../gaps/gap.js';
import { joinGaps } from '../gaps/gap.js';

/** One `@OnGap` method. */
export interface GapHandler {
  /** What logs call it, e.g. `OrderNotifier.reconcile`. */
  readonly name: string;
  /** May throw and reject. */
  call(gap: Gap): unknown;
}

/** What is told of `@OnGap` methods. No call may throw. */
export interface GapHandlerReporter {
  gapHandlerFailed(handler: string, error: unknown): void;
  /** Once for each call. */
  gapHandlerStuck(handler: string, forMs: number): void;
}

interface Runner {
  readonly handler: GapHandler;
  running?: Promise<void> | undefined;
  /** performance.now() when its latest call began; undefined when it was warned of. */
  sinceMs?: number | undefined;
  /** What it has not been called for yet. */
  waiting?: Gap | undefined;
}

/** Calls every `@OnGap` method for every gap, each method one call at a time. */
export class GapHandlers implements WatchedCalls {
  private runners: readonly Runner[] = [];
  private isOpen = true;

  constructor(
    private readonly reporter: GapHandlerReporter,
    private readonly watch: StuckWatch,
    private readonly context: CallContext,
    readonly stuckAfterMs: number | false,
  ) {}

  add(handlers: readonly GapHandler[]): void {
    this.runners = [...this.runners, ...handlers.map((handler) => ({ handler }))];
  }

  handle(gap: Gap): void {
    if (!this.isOpen) return;
    for (const runner of this.runners) {
      runner.waiting = runner.waiting === undefined ? gap : joinGaps(runner.waiting, gap);
      // Begun in a turn of its own: whoever tells of a gap is in the middle of something.
      runner.running ??= Promise.resolve().then(() => this.run(runner));
    }
  }

  /** The names of those that run. */
  get running(): readonly string[] {
    return this.runners.flatMap(({ handler, running }) => (running === undefined ? [] : [handler.name]));
  }

  /** From now on nothing is called: what a method needs to reconcile is being closed. */
  close(): void {
    this.isOpen = false;
    for (const runner of this.runners) runner.waiting = undefined;
  }

  look(nowMs: number): boolean {
    for (const runner of this.runners) {
      if (runner.running === undefined || runner.sinceMs === undefined) continue;
      const forMs = nowMs - runner.sinceMs;
      if (this.stuckAfterMs === false || forMs < this.stuckAfterMs) continue;
      runner.sinceMs = undefined;
      this.reporter.gapHandlerStuck(runner.handler.name, forMs);
    }
    return this.running.length > 0;
  }

  /** Resolves when none runs. */
  async whenIdle(): Promise<void> {
    while (this.running.length > 0) await Promise.all(this.runners.flatMap(({ running }) => running ?? []));
  }

  private async run(runner: Runner): Promise<void> {
    for (let gap = runner.waiting; gap !== undefined; gap = runner.waiting) {
      runner.waiting = undefined;
      runner.sinceMs = performance.now();
      this.watch.begun(this);
      try {
        await this.context.run(callWith, runner.handler, gap);
      } catch (error) {
        this.reporter.gapHandlerFailed(runner.handler.name, error);
      }
    }
    runner.running = undefined;
  }
}

function callWith(handler: GapHandler, gap: Gap): unknown {
  return handler.call(gap);
}

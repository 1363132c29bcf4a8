import type { CallContext } from '../dispatching/call.context.js';
import type { StuckWatch, WatchedCalls } from '../dispatching/stuck.watch.js';
import type { Gap } from '../gaps/gap.js';
import { joinGaps } from '../gaps/gap.js';

/** One `@OnGap` method. */
export interface GapHandler {
  /** Its name in logs, e.g. `OrderNotifier.reconcile`. */
  readonly name: string;
  /** May throw or reject. */
  call(gap: Gap): unknown;
}

/** Receives what happens to `@OnGap` methods. Its methods must not throw. */
export interface GapHandlerReporter {
  gapHandlerFailed(handler: string, error: unknown): void;
  /** Once for each call. */
  gapHandlerStuck(handler: string, forMs: number): void;
}

interface Runner {
  readonly handler: GapHandler;
  running?: Promise<void> | undefined;
  /** performance.now() when its latest call began; undefined once it was warned of. */
  sinceMs?: number | undefined;
  /** The gap of its next call. */
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
      // Started asynchronously, so that it does not run inside the code that reports the gap.
      runner.running ??= Promise.resolve().then(() => this.run(runner));
    }
  }

  /** The names of the running methods. */
  get running(): readonly string[] {
    return this.runners.flatMap(({ handler, running }) => (running === undefined ? [] : [handler.name]));
  }

  /** From now on no method is called: what it needs to reconcile is being closed. */
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

  /** Resolves when no method is running. */
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

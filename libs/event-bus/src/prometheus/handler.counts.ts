import { HandlerTimeoutError } from '../errors.js';
import { isA } from '../foreign.js';
import { isAddedAtRunTime } from '../introspection/bus.description.js';
import type { FailedFact } from '../observing/observer.facts.js';
import { unescapeGlob } from '../routing/redis-glob.js';
import { Histogram } from './histogram.js';
import { OTHER } from './publish.counts.js';

/** What became of the events of one handler that one of its targets matched. */
export interface CallOutcomes {
  ok: number;
  failed: number;
  refused: number;
  timeout: number;
}

/** What one handler did. All listeners that were added at run time are one handler, with one target. */
export class HandlerCounts {
  retries = 0;
  dropped = 0;
  leftToGroup = 0;
  isStuck = false;
  readonly durations: Histogram;
  /** By the target as written. */
  readonly targets = new Map<string, CallOutcomes>();
  /** The same by what a fact names: of a channel its real name, which may be written with escapes. */
  private readonly named = new Map<string, CallOutcomes>();

  constructor(
    private readonly name: string,
    buckets: readonly number[],
  ) {
    this.durations = new Histogram(buckets);
  }

  /** Whether its targets come and go, so that their names must not become labels. */
  get isListener(): boolean {
    return isAddedAtRunTime(this.name);
  }

  /** @param texts as written */
  declare(texts: readonly string[]): void {
    if (this.isListener) return;
    for (const text of texts) {
      const outcomes = this.outcomesAs(text);
      this.named.set(text, outcomes);
      this.named.set(unescapeGlob(text), outcomes);
    }
  }

  outcomesOf(target: string): CallOutcomes {
    return this.named.get(target) ?? this.outcomesAs(OTHER);
  }

  failed({ target, error, isRefusal }: FailedFact): void {
    const outcomes = this.outcomesOf(target);
    if (isRefusal) outcomes.refused += 1;
    else if (isA(error, HandlerTimeoutError)) outcomes.timeout += 1;
    else outcomes.failed += 1;
  }

  private outcomesAs(label: string): CallOutcomes {
    let outcomes = this.targets.get(label);
    if (outcomes === undefined) {
      outcomes = { ok: 0, failed: 0, refused: 0, timeout: 0 };
      this.targets.set(label, outcomes);
    }
    return outcomes;
  }
}

import { PublishUnconfirmedError } from '../errors.js';
import { isA } from '../foreign.js';
import type { PublishFailedFact, PublishedFact } from '../observing/observer.facts.js';

/** What became of the publishes of one template. */
export interface PublishOutcomes {
  ok: number;
  nobody: number;
  failed: number;
  unconfirmed: number;
}

/** For every event that was published without a contract. Templates have a parameter or are a channel of the code. */
export const OTHER = 'other';

/** An application that makes a contract for each user, whose channels would be labels, has `other` from here on. */
export const MAX_TEMPLATES = 1_000;

/** Counts publishes by template and kind. */
export class PublishCounts {
  private readonly kinds = {
    channel: new Map<string, PublishOutcomes>(),
    shard: new Map<string, PublishOutcomes>(),
  };

  published({ template, kind, subscriptions }: PublishedFact): void {
    const outcomes = this.outcomesOf(kind, template);
    if (subscriptions === 0) outcomes.nobody += 1;
    else outcomes.ok += 1;
  }

  failed({ template, kind, error }: PublishFailedFact): void {
    const outcomes = this.outcomesOf(kind, template);
    if (isA(error, PublishUnconfirmedError)) outcomes.unconfirmed += 1;
    else outcomes.failed += 1;
  }

  *entries(): Generator<{
    readonly kind: string;
    readonly template: string;
    readonly outcomes: PublishOutcomes;
  }> {
    for (const [kind, templates] of Object.entries(this.kinds)) {
      for (const [template, outcomes] of templates) yield { kind, template, outcomes };
    }
  }

  private outcomesOf(kind: 'channel' | 'shard', template: string = OTHER): PublishOutcomes {
    const templates = this.kinds[kind];
    const known = templates.get(template);
    if (known !== undefined) return known;
    if (templates.size >= MAX_TEMPLATES && template !== OTHER) return this.outcomesOf(kind, OTHER);
    const outcomes = { ok: 0, nobody: 0, failed: 0, unconfirmed: 0 };
    templates.set(template, outcomes);
    return outcomes;
  }
}

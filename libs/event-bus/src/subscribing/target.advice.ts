import type { EventHandler } from '../dispatching/event.handler.js';
import type { NoticedFact } from '../observing/bus.facts.js';

/** The names of run-time subscriptions are unlimited. */
const MAX_TEXTS = 100;

/** Warns once about each target that was probably written for another broker. */
export class TargetAdvice {
  private readonly known = new Set<string>();

  constructor(private readonly reporter: { warned(notice: Omit<NoticedFact, 'bus'>): void }) {}

  give({ name, targets }: Pick<EventHandler, 'name' | 'targets'>): void {
    for (const { text, advice } of targets) {
      if (advice === undefined || this.known.has(text) || this.known.size >= MAX_TEXTS) continue;
      this.known.add(text);
      const sentence = 'The target looks like a wildcard of another broker';
      this.reporter.warned({ sentence, fields: { handler: name, target: text }, advice });
    }
  }
}

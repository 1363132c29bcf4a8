import type { UnfinishedWork } from './event.dispatcher.js';

/** Adds up the work of each handler. */
export function joinWork(works: readonly UnfinishedWork[]): readonly UnfinishedWork[] {
  const joined = new Map<string, UnfinishedWork>();
  for (const { handler, running, waiting } of works) {
    const known = joined.get(handler) ?? { running: 0, waiting: 0 };
    joined.set(handler, { handler, running: known.running + running, waiting: known.waiting + waiting });
  }
  return [...joined.values()];
}

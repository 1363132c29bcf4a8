import { compare } from './statistics.mjs';

/**
 * How each target stands after a run.
 *
 * @param {readonly import('../targets.mjs').Target[]} targets
 * @param {readonly { id: string, skipped?: string, entries: readonly { name: string, rounds: readonly object[] }[] }[]} trials
 * @returns {{ target: object, measured?: number, isMet?: boolean, skipped?: string }[]} for the targets whose trial is there
 */
export function verdictsOf(targets, trials) {
  return targets.flatMap((target) => {
    const trial = trials.find(({ id }) => id === target.trial);
    if (trial === undefined) return [];
    if (trial.skipped !== undefined) return [{ target, skipped: trial.skipped }];
    const named = (name) => trial.entries.find((entry) => entry.name === name);
    const [entry, against] = [named(target.entry ?? 'event-bus'), named(target.against)];
    if (entry === undefined || against === undefined) return [];
    const { median: measured } = compare(entry, against, target.figure, target.by);
    return [
      { target, measured, isMet: target.atLeast ? measured >= target.limit : measured <= target.limit },
    ];
  });
}

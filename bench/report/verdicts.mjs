import { noiseOf } from './noise.mjs';
import { compare } from './statistics.mjs';

/**
 * How each target stands after a run.
 *
 * @param {readonly import('../targets.mjs').Target[]} targets
 * @param {readonly { id: string, skipped?: string, entries: readonly { name: string, rounds: readonly object[] }[] }[]} trials
 * @returns {object[]} one for each limit whose trial and entries are there, see verdicts.d.mts
 */
export function verdictsOf(targets, trials) {
  return targets.flatMap((target) => {
    const trial = trials.find(({ id }) => id === target.trial);
    if (trial === undefined) return [];
    return limitsOf(target).flatMap((limit) => {
      if (trial.skipped !== undefined) return [{ ...limit, skipped: trial.skipped }];
      return verdictOf(limit, trial) ?? [];
    });
  });
}

function limitsOf({ trial, entry = 'event-bus', figure, by = 'ratio', atMost = {}, atLeast = {} }) {
  const limits = (rivals, isAtLeast) =>
    Object.entries(rivals).map(([against, limit]) => ({
      trial,
      entry,
      figure,
      by,
      against,
      limit,
      isAtLeast,
    }));
  return [...limits(atMost, false), ...limits(atLeast, true)];
}

function verdictOf(asked, trial) {
  const named = (name) => trial.entries.find((entry) => entry.name === name);
  const [entry, against] = [named(asked.entry), named(asked.against)];
  const noise = noiseOf(trial, asked.figure);
  const limit = asked.limit === 'noise' ? noise?.inARound : asked.limit;
  if (entry === undefined || against === undefined || limit === undefined) return undefined;
  const { median: measured } = compare(entry, against, asked.figure, asked.by);
  return {
    ...asked,
    limit,
    isNoise: asked.limit === 'noise',
    measured,
    isMet: asked.isAtLeast ? measured >= limit : measured <= limit,
    ...(noise === undefined ? {} : { noise: noise.ratio }),
  };
}

import { readFileSync } from 'node:fs';
import { figuresOf, rivalOf } from './figures.mjs';
import { compare, spreadOf } from './statistics.mjs';

/** Shown of every trial that has them, beside the figure that it is about. */
const SHOWN = ['cpuUs', 'perSecond'];

/**
 * A run that `--json` wrote.
 *
 * @param {string} file
 * @throws Error that says what is wrong with the file
 */
export function readRun(file) {
  let run;
  try {
    run = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`--compare cannot read ${file}: ${error.message}`, { cause: error });
  }
  if (Array.isArray(run?.trials)) return run;
  throw new Error(`--compare takes a file that --json has written, and ${file} holds no trials.`);
}

/**
 * An earlier run next to this one, see comparison.d.mts. Absolute figures of two runs say little, the machine may have been
 * another one; what has changed is the ratio to raw.
 */
export function comparisonOf(before, after) {
  const earlier = new Map(before.trials.map((trial) => [trial.id, trial]));
  return {
    versions: differencesOf(before.versions ?? {}, after.versions),
    trials: after.trials.map((trial) => comparisonOfTrial(earlier.get(trial.id), trial)),
  };
}

function comparisonOfTrial(before, after) {
  const { id, title } = after;
  if (before === undefined) return { id, title, missing: 'it was not measured then' };
  const skipped = before.skipped ?? after.skipped;
  if (skipped !== undefined) return { id, title, missing: `skipped: ${skipped}` };
  const [first] = figuresOf(after);
  const figures = figuresOf(after).filter((figure) => figure === first || SHOWN.includes(figure));
  return {
    id,
    title,
    options: optionsThatDiffer(before, after),
    figures,
    rows: after.entries.map((entry) => {
      const old = before.entries.find(({ name }) => name === entry.name);
      const ratio = change(ratioOf(before, old, first), ratioOf(after, entry, first));
      return {
        name: entry.name,
        figures: figures.map((figure) => change(medianOf(old, figure), medianOf(entry, figure))),
        ratio,
      };
    }),
  };
}

function optionsThatDiffer(before, after) {
  const entries = (trial) =>
    Object.fromEntries(trial.entries.map(({ name, options = {} }) => [name, options]));
  const old = entries(before);
  const common = after.entries.filter(({ name }) => name in old);
  return [
    ...differencesOf(before.options ?? {}, after.options ?? {}),
    ...common.flatMap(({ name, options = {} }) =>
      differencesOf(old[name], options).map((difference) => `${name}: ${difference}`),
    ),
  ];
}

/** What is not the same in two objects, in words. */
function differencesOf(before, after) {
  const [old, now] = [leavesOf(before), leavesOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((path) => old.get(path) !== now.get(path))
    .map((path) => `${path} ${old.get(path) ?? 'unset'} → ${now.get(path) ?? 'unset'}`);
}

/** The values in an object and in those within it, as text, by their path. */
function leavesOf(object, path = '') {
  return new Map(
    Object.entries(object).flatMap(([key, value]) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? [...leavesOf(value, `${path}${key}.`)]
        : [[path + key, JSON.stringify(value)]],
    ),
  );
}

function ratioOf(trial, entry, figure) {
  const raw = entry === undefined ? undefined : rivalOf(trial, entry, 'raw');
  if (raw === undefined || medianOf(entry, figure) === undefined) return undefined;
  return compare(entry, raw, figure).median;
}

function medianOf(entry, figure) {
  if (entry?.rounds[0]?.[figure] === undefined) return undefined;
  return spreadOf(entry.rounds.map((round) => round[figure])).median;
}

function change(before, after) {
  return { before, after };
}

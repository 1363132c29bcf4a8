import { compare, spreadOf } from './statistics.mjs';

/**
 * How far two equal things are apart in this trial.
 *
 * @param {{ entries: readonly { name: string, rounds: readonly Record<string, number>[] }[] }} trial
 * @param {string} figure
 * @returns {{ ratio: number, inARound: number } | undefined} `ratio`: raw again to raw, as contenders are compared.
 * `inARound`: the greater to the smaller, in the median round. Undefined where raw has no second row.
 */
export function noiseOf({ entries }, figure) {
  const again = entries.find(({ name }) => name.endsWith(' again'));
  const raw = entries.find(({ name }) => again?.name === `${name} again`);
  if (again === undefined || raw === undefined) return undefined;
  const apart = again.rounds.map((round, index) => {
    const ratio = round[figure] / raw.rounds[index][figure];
    return Math.max(ratio, 1 / ratio);
  });
  return { ratio: compare(again, raw, figure).median, inARound: spreadOf(apart).median };
}

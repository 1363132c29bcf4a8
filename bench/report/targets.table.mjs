import { FIGURES, number } from './figures.mjs';
import { tableOf } from './table.mjs';

/** Each limit: what it asks for, what was measured, by how much it is missed, and what the same code came to twice. */
export function targetsTable(verdicts) {
  const rows = verdicts.map(({ trial, measured, isMet, limit, skipped, noise, ...asked }) => {
    const show = (value) => (asked.by === 'ratio' ? `${number(value, 2)} ×` : `${number(value, 0)} ms`);
    const sentence = `${FIGURES[asked.figure].name} of ${asked.entry} ${asked.isAtLeast ? '≥' : '≤'} ${limitText(asked, limit, show)}`;
    if (skipped !== undefined) return [trial, sentence, '', '', `skipped: ${skipped}`];
    const missedBy = Math.abs(measured - limit) / limit;
    return [
      trial,
      sentence,
      show(measured),
      noise === undefined ? '' : `${number(noise, 2)} ×`,
      isMet ? 'met' : `missed by ${number(missedBy * 100, 0)} %`,
    ];
  });
  return tableOf(['target', 'asks for', 'measured', 'raw again', 'verdict'], rows, [0, 1, 4]);
}

function limitText({ against, by, isNoise }, limit, show) {
  if (limit === 'noise') return `${against}, but for the noise`;
  return `${show(limit)} ${by === 'ratio' ? '' : 'over '}${against}${isNoise ? ', the noise' : ''}`;
}

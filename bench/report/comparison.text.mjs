import { FIGURES, number, percent } from './figures.mjs';
import { tableOf } from './table.mjs';

/** A comparison as text: for each trial what was set differently, and a table. */
export function comparisonText({ versions, trials }, file) {
  return [
    `Compared with ${file}: before → after, medians. The change is that of the ratio to raw.`,
    ...(versions.length === 0 ? [] : [`Other versions: ${versions.join(', ')}.`]),
    ...trials.flatMap((trial) => [`${trial.id}: ${trial.title}`, bodyOf(trial)]),
  ].join('\n\n');
}

function bodyOf({ missing, options, figures, rows }) {
  if (missing !== undefined) return `Nothing to compare: ${missing}.`;
  const head = ['contender', ...figures.map((figure) => FIGURES[figure].head), '× raw', 'change'];
  const table = tableOf(
    head,
    rows.map((row) => [
      row.name,
      ...row.figures.map((values, index) => both(values, FIGURES[figures[index]].digits)),
      both(row.ratio, 2),
      changeText(row.ratio),
    ]),
  );
  return options.length === 0 ? table : `Options differ: ${options.join(', ')}.\n${table}`;
}

function both({ before, after }, digits) {
  if (before === undefined && after === undefined) return '';
  const [old, now] = [before, after].map((value) => (value === undefined ? '–' : number(value, digits)));
  return `${old} → ${now}`;
}

function changeText({ before, after }) {
  return before === undefined || after === undefined ? '' : percent(after / before);
}

import { FIGURES, figuresOf, number, rivalOf, rivalsOf } from './figures.mjs';
import { noiseOf } from './noise.mjs';
import { compare, spreadOf } from './statistics.mjs';
import { tableOf } from './table.mjs';

/** Medians with the middle half of the rounds, and the ratio of the first figure to that of the rivals in the same round. */
export function figuresTable(trial) {
  const figures = figuresOf(trial);
  const rivals = rivalsOf(trial);
  const head = [
    'contender',
    ...figures.map((figure) => FIGURES[figure].head),
    ...rivals.map(([, text]) => text),
  ];
  const rows = trial.entries.map((entry) => [
    entry.name,
    ...figures.map((figure) =>
      middle(spreadOf(entry.rounds.map((round) => round[figure])), FIGURES[figure].digits),
    ),
    ...rivals.map(([rival]) => {
      const other = rivalOf(trial, entry, rival);
      return other === undefined ? '' : middle(compare(entry, other, figures[0]), 2);
    }),
  ]);
  return tableOf(head, rows);
}

/** What the machine does by itself: how far the two rows of the same code are apart. Empty where there is one only. */
export function noiseLine(trial) {
  const [first, ...others] = figuresOf(trial);
  // The p99 is no figure that anything else is compared by.
  const parts = [first, ...others.filter((figure) => figure === 'p99Us')].flatMap((figure) => {
    const noise = noiseOf(trial, figure);
    if (noise === undefined) return [];
    return `${FIGURES[figure].name} ${number(noise.ratio, 2)} ×, in a round apart by ${number((noise.inARound - 1) * 100, 0)} %`;
  });
  return parts.length === 0 ? '' : `Noise, the same code twice: ${parts.join('; ')}.`;
}

function middle({ median, low, high }, digits) {
  const [m, a, b] = [median, low, high].map((value) => number(value, digits));
  return `${m} (${a}–${b})`;
}

import { compare, spreadOf } from './statistics.mjs';
import { tableOf } from './table.mjs';

/** What a figure is called, and how its values are written. */
const FIGURES = {
  cpuUs: { head: 'CPU µs', digits: 2 },
  perSecond: { head: 'events/s', digits: 0 },
  serverUs: { head: 'server µs', digits: 2 },
  p50Us: { head: 'p50 µs', digits: 0 },
  p99Us: { head: 'p99 µs', digits: 0 },
  bootMs: { head: 'boot ms', digits: 0 },
  heapBytes: { head: 'heap bytes', digits: 0 },
};

/** Medians with their range, and the ratio of `compared` to that of the raw one and of Nest in the same round. */
export function figuresTable(trial, compared = Object.keys(trial.entries[0].rounds[0])[0]) {
  const figures = Object.keys(trial.entries[0].rounds[0]);
  const head = ['contender', ...figures.map((figure) => FIGURES[figure].head), '× raw', '× Nest'];
  const named = (name) => trial.entries.find((entry) => entry.name === name);
  const rows = trial.entries.map((entry) => [
    entry.name,
    ...figures.map((figure) => {
      const { digits } = FIGURES[figure];
      return range(spreadOf(entry.rounds.map((round) => round[figure])), digits);
    }),
    ...[entry.raw ?? 'raw', entry.nest ?? 'nest'].map((rival) => {
      const other = named(rival);
      return other === undefined || other === entry ? '' : range(compare(entry, other, compared), 2);
    }),
  ]);
  return tableOf(head, rows);
}

function range({ median, min, max }, digits) {
  const [m, a, b] = [median, min, max].map((value) => number(value, digits));
  return `${m} (${a}–${b})`;
}

export function number(value, digits) {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** What a figure is called in the head of a table and in a sentence, and how its values are written. */
export const FIGURES = {
  cpuUs: { head: 'CPU µs', name: 'CPU', digits: 2 },
  perSecond: { head: 'events/s', name: 'events/s', digits: 0 },
  serverUs: { head: 'server µs', name: 'server CPU', digits: 2 },
  p50Us: { head: 'p50 µs', name: 'p50', digits: 0 },
  p99Us: { head: 'p99 µs', name: 'p99', digits: 0 },
  bootMs: { head: 'boot ms', name: 'boot', digits: 0 },
  heapBytes: { head: 'heap bytes', name: 'heap', digits: 0 },
};

/** Those that are compared with everyone, where they are there. */
const RIVALS = { raw: '× raw', nest: '× Nest', 'node-redis': '× node-redis' };

/** The figures of a trial, the one that it is about first. */
export function figuresOf(trial) {
  return Object.keys(trial.entries[0].rounds[0]);
}

/** The rivals that a trial has, with the heads of their columns. */
export function rivalsOf(trial) {
  return Object.entries(RIVALS).filter(([rival]) =>
    trial.entries.some((entry) => rivalOf(trial, entry, rival) !== undefined),
  );
}

/** The entry that another one is compared with; undefined where it is that one itself, or it is not there. */
export function rivalOf({ entries }, entry, rival) {
  const name = entry.rivals?.[rival] ?? rival;
  return entry.name === name ? undefined : entries.find((other) => other.name === name);
}

export function number(value, digits) {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** How far a ratio is from 1: `+12 %`. */
export function percent(ratio) {
  const change = (ratio - 1) * 100;
  return `${change < 0 ? '−' : '+'}${number(Math.abs(change), 0)} %`;
}

/** @returns {{ median: number, min: number, max: number }} of at least one value */
export function spreadOf(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle) - 1]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1) };
}

/** Of two contenders, each round with the same round of the other. */
export function compare(entry, other, figure, by = 'ratio') {
  return spreadOf(
    entry.rounds.map((round, index) => {
      const theirs = other.rounds[index][figure];
      return by === 'ratio' ? round[figure] / theirs : round[figure] - theirs;
    }),
  );
}

export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

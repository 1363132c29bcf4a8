/** @returns {{ median: number, low: number, high: number }} of at least one value; between low and high is the middle half */
export function spreadOf(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
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

/** The figures of several turns as one. */
export function meanOf(turns) {
  return Object.fromEntries(
    Object.keys(turns[0]).map((figure) => [
      figure,
      turns.reduce((sum, turn) => sum + turn[figure], 0) / turns.length,
    ]),
  );
}

export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** Between two values where it falls between them. */
function quantile(sorted, share) {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)];
  return below + (sorted[Math.ceil(place)] - below) * (place % 1);
}

export interface Tally {
  readonly count: number;
  readonly sum: number;
}

export function expectedTally(published: { events: number; channels: number; channel?: number }): Tally;
export function deliveryProblems(
  contender: string,
  expected: readonly Tally[],
  seen: readonly Tally[],
): string[];

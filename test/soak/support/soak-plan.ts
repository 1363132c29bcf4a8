import type { SeededRandom } from '../../e2e/support/seeded.random.js';

/** Whose way to Redis is a bad one: that of the service under test, or that of the publisher. */
export type FaultyLink = 'service' | 'publisher';

export interface PlannedFault {
  /** From the start of the soak. */
  readonly atMs: number;
  /**
   * - `F1`: Redis closes the connections.
   * - `F3`: the server stops and goes on, and with it everything.
   * - `F4`: the link is half open: bytes vanish, or the answers alone, and nobody is told.
   * - `F8`: the port is refused, and every connection that it lets in meanwhile is cut at once.
   * - `F9`: a permission is taken away, and given back.
   */
  readonly kind: 'F1' | 'F3' | 'F4' | 'F8' | 'F9';
  readonly link: FaultyLink;
  readonly durationMs: number;
  /** For what is left to chance while it lasts. */
  readonly seed: number;
}

const FAULT_INTERVAL_MS = 2_000;

/** Shortest and longest. What lasts longer than the interval is still there when the next fault comes. */
const DURATIONS_MS = {
  F1: [0, 0],
  F3: [100, 1_500],
  F4: [200, 1_500],
  F8: [100, 1_000],
  F9: [200, 2_600],
} as const;
const KINDS = ['F1', 'F3', 'F4', 'F8', 'F9'] as const;
/** One in so many happens to the publisher, where it can. */
const PUBLISHERS_SHARE = 3;

/** One fault in each interval, all kinds equally often. The same random numbers make the same plan. */
export function planFaults(random: SeededRandom, lastingMs: number): readonly PlannedFault[] {
  let kinds: PlannedFault['kind'][] = [];
  return Array.from({ length: Math.floor(lastingMs / FAULT_INTERVAL_MS) }, (_, index) => {
    if (kinds.length === 0) kinds = random.shuffled(KINDS);
    const kind = kinds.pop() as PlannedFault['kind'];
    const [shortest, longest] = DURATIONS_MS[kind];
    return {
      atMs: index * FAULT_INTERVAL_MS,
      kind,
      link: kind !== 'F9' && random.between(1, PUBLISHERS_SHARE) === 1 ? 'publisher' : 'service',
      durationMs: random.between(shortest, longest),
      seed: random.between(0, 2 ** 32 - 1),
    };
  });
}

/** A short one, which nobody gets over who does not expect it. */
export const CONTROL_PLAN: readonly PlannedFault[] = [
  { atMs: 0, kind: 'F1', link: 'service', durationMs: 0, seed: 1 },
  { atMs: 1_000, kind: 'F4', link: 'service', durationMs: 1_000, seed: 1 },
];

import type { SeededRandom } from './seeded.random.js';

/**
 * - `cut`: all connections break, and new ones are accepted at once.
 * - `refused`: they break, and nobody is let in until some orders have changed.
 * - `half-open`: bytes vanish, and nobody is told.
 */
export type LinkTrouble = 'cut' | 'refused' | 'half-open';

export interface LinkMoment {
  readonly trouble: LinkTrouble;
  /** Whether every notification is sent before it. */
  readonly isSettled: boolean;
  /** How many times orders change before it, and while it lasts. */
  readonly changesBefore: number;
  readonly changesMeanwhile: number;
  /** How the service ends afterwards, and starts again. */
  readonly restart: 'SIGTERM' | 'SIGKILL' | undefined;
}

const TROUBLES: readonly LinkTrouble[] = [
  ...Array<LinkTrouble>(12).fill('cut'),
  ...Array<LinkTrouble>(4).fill('refused'),
  ...Array<LinkTrouble>(3).fill('half-open'),
];
const RESTARTS = ['SIGTERM', 'SIGKILL', 'SIGTERM', 'SIGKILL'] as const;

/** Among the first so many: a service that starts finds out what it has missed, and is to do so without, too. */
const RESTARTS_WITHIN = 15;

/** Twenty. The last changes of all are made while the link is down, so no later event can make up for them. */
export function drawLinkMoments(random: SeededRandom): readonly LinkMoment[] {
  const restarts = random.shuffled([...RESTARTS, ...Array<undefined>(RESTARTS_WITHIN - RESTARTS.length)]);
  const troubles: LinkTrouble[] = [...random.shuffled(TROUBLES), 'refused'];
  return troubles.map((trouble, index) => ({
    trouble,
    isSettled: random.next() < 0.5,
    changesBefore: random.between(1, 10),
    changesMeanwhile: random.between(3, 12),
    restart: restarts[index],
  }));
}

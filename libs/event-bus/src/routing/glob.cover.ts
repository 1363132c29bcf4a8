import type { Step } from './glob.steps.js';
import { takes } from './glob.steps.js';

/** Enough for every glob that people write; one that needs more, or has more steps, is taken for one that covers nothing. */
const MAX_STATES = 1_000;

/** The narrow glob is read up to `at`; `places` is where the wide one can be then, in ascending order. */
interface State {
  readonly at: number;
  readonly places: readonly number[];
  readonly hasRead: boolean;
}

/**
 * Whether the wide glob matches every channel that the narrow one matches. True is always right; false may also mean
 * that it would take too long to find out.
 */
export function globCovers(wide: readonly Step[], narrow: readonly Step[]): boolean {
  if (narrow.length === 0) return wide.length === 0;
  if (wide.every(isStar)) return wide.length > 0;
  if (wide.length + narrow.length > MAX_STATES) return false;
  const bytes = alphabetOf([...wide, ...narrow]);
  const start: State = { at: 0, places: withStars(wide, [0]), hasRead: false };
  const seen = new Set<string>();
  const open = [start];
  // Looks for a channel that the narrow glob takes and the wide one does not.
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    const { at, places, hasRead } = state;
    if (takesAll(wide, places)) continue;
    const key = `${at} ${hasRead} ${places.join(' ')}`;
    if (seen.has(key)) continue;
    if (seen.size === MAX_STATES) return false;
    seen.add(key);
    const step = narrow[at];
    if (step === undefined) {
      if (hasRead && places.at(-1) !== wide.length) return false;
      continue;
    }
    const isRepeated = isStar(step);
    if (isRepeated) open.push({ at: at + 1, places, hasRead });
    for (const byte of bytes) {
      if (!takes(step, byte)) continue;
      open.push({ at: isRepeated ? at : at + 1, places: after(wide, places, byte), hasRead: true });
    }
  }
  return true;
}

function isStar(step: Step): boolean {
  return step.kind === 'star';
}

/** Nothing that comes can make a difference any more. */
function takesAll(wide: readonly Step[], places: readonly number[]): boolean {
  return places.at(-1) === wide.length && wide.at(-1)?.kind === 'star';
}

/** Where the wide glob can be when it was at one of these places and reads this byte. */
function after(wide: readonly Step[], places: readonly number[], byte: number): readonly number[] {
  const next = new Set<number>();
  for (const place of places) {
    const step = wide[place];
    if (step === undefined) continue;
    if (isStar(step)) next.add(place);
    else if (takes(step, byte)) next.add(place + 1);
  }
  return withStars(
    wide,
    [...next].sort((a, b) => a - b),
  );
}

/** A star can be skipped; and whoever is at a later star can do all that is possible from an earlier place. */
function withStars(wide: readonly Step[], places: readonly number[]): readonly number[] {
  const all = new Set<number>();
  let lastStar = 0;
  for (const start of places) {
    let place = start;
    all.add(place);
    for (let step = wide[place]; step !== undefined && isStar(step); step = wide[place]) {
      lastStar = Math.max(lastStar, place);
      place += 1;
      all.add(place);
    }
  }
  return [...all].filter((place) => place >= lastStar).sort((a, b) => a - b);
}

/** One byte for all those that no step tells apart. */
function alphabetOf(steps: readonly Step[]): readonly number[] {
  const telling = steps.filter((step) => step.kind !== 'star' && step.kind !== 'anyByte');
  const groups = new Map<string, number>();
  for (let byte = 0; byte < 256; byte += 1) {
    const group = telling.map((step) => (takes(step, byte) ? '1' : '0')).join('');
    if (!groups.has(group)) groups.set(group, byte);
  }
  return [...groups.values()];
}

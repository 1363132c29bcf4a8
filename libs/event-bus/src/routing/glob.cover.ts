import type { Step } from './glob.steps.js';
import { takes } from './glob.steps.js';

/** Enough for every realistic glob. A glob that needs more work, or has more steps, is treated as covering nothing. */
const MAX_STATES = 1_000;

/** The narrow glob is read up to `at`; `places` are the possible positions in the wide one, in ascending order. */
interface State {
  readonly at: number;
  readonly places: readonly number[];
  readonly hasRead: boolean;
}

/**
 * Whether the wide glob matches every channel that the narrow one matches. True is always correct; false may also mean that the
 * check would take too long.
 */
export function globCovers(wide: readonly Step[], narrow: readonly Step[]): boolean {
  if (narrow.length === 0) return wide.length === 0;
  if (wide.every(isStar)) return wide.length > 0;
  if (wide.length + narrow.length > MAX_STATES) return false;
  const bytes = alphabetOf([...wide, ...narrow]);
  const start: State = { at: 0, places: withStars(wide, [0]), hasRead: false };
  const seen = new Set<string>();
  const open = [start];
  // Searches for a channel that matches the narrow glob but not the wide one.
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

/** The remaining input cannot change the result. */
function takesAll(wide: readonly Step[], places: readonly number[]): boolean {
  return places.at(-1) === wide.length && wide.at(-1)?.kind === 'star';
}

/** The possible positions in the wide glob after it reads this byte at one of these positions. */
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

/** A star can be skipped. From a later star, everything is possible that is possible from an earlier position. */
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

/** One byte to represent all bytes that no step distinguishes. */
function alphabetOf(steps: readonly Step[]): readonly number[] {
  const telling = steps.filter((step) => step.kind !== 'star' && step.kind !== 'anyByte');
  const groups = new Map<string, number>();
  for (let byte = 0; byte < 256; byte += 1) {
    const group = telling.map((step) => (takes(step, byte) ? '1' : '0')).join('');
    if (!groups.has(group)) groups.set(group, byte);
  }
  return [...groups.values()];
}

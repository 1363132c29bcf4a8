import type { Step } from './glob.steps.js';
import { parseGlob, takes } from './glob.steps.js';

/** Whether one channel can match both globs. */
export function globsOverlap(first: string, second: string): boolean {
  const [a, b] = [parseGlob(first), parseGlob(second)];
  // Both are walked at once. A pair of positions that cannot reach the end is not tried again.
  const hopeless = new Set<number>();
  const meet = (i: number, j: number): boolean => {
    if (i === a.length && j === b.length) return a.length > 0 && b.length > 0;
    const place = i * (b.length + 1) + j;
    if (hopeless.has(place)) return false;
    hopeless.add(place);
    const [x, y] = [a[i], b[j]];
    if (x?.kind === 'star') return meet(i + 1, j) || (y !== undefined && meet(i, j + 1));
    if (y?.kind === 'star') return meet(i, j + 1) || (x !== undefined && meet(i + 1, j));
    return x !== undefined && y !== undefined && shareByte(x, y) && meet(i + 1, j + 1);
  };
  return meet(0, 0);
}

function shareByte(x: Step, y: Step): boolean {
  for (let byte = 0; byte < 256; byte += 1) if (takes(x, byte) && takes(y, byte)) return true;
  return false;
}

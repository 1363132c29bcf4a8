import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects the garbage and tells how many bytes cannot be freed. */
export function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** `12 MB`. */
export function inMb(bytes: number): string {
  return `${Math.max(0, Math.round(bytes / 1_000_000))} MB`;
}

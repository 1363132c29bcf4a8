import { ignoreRejection } from '../foreign.js';

/**
 * What an `orderBy` returned, as a key. Whoever returns something else has lost the order without noticing: undefined for a field
 * that is not there, a promise.
 * @throws TypeError
 */
export function checkedKey(key: unknown): string {
  if (typeof key === 'string') return key;
  if (typeof key === 'number' || typeof key === 'bigint') return String(key);
  ignoreRejection(key);
  throw new TypeError(`orderBy returned ${key === null ? 'null' : typeof key}. It must return a string.`);
}

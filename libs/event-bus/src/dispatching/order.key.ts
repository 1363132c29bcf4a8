import { ignoreRejection } from '../foreign.js';

/**
 * Checks the key that `orderBy` returned. Any other type, such as undefined for a missing field or a promise, would silently
 * lose the order.
 * @throws TypeError
 */
export function checkedKey(key: unknown): string {
  if (typeof key === 'string') return key;
  if (typeof key === 'number' || typeof key === 'bigint') return String(key);
  ignoreRejection(key);
  throw new TypeError(`orderBy returned ${key === null ? 'null' : typeof key}. It must return a string.`);
}

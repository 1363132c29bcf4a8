import { collectionsOf } from '../../support/collections.js';

/** Where each collection of an object stands, with the size of the largest one there. */
export type CollectionSizes = ReadonlyMap<string, number>;

/** What comes and goes. Something that stays after each fault, or each second, is more. */
const FLUCTUATION = 10;
/** Where ioredis keeps its commands: as long as the queue has ever been, whatever is in it. */
const RING = /\.commandQueue\._list$/;

export function sizesOf(root: object): CollectionSizes {
  const sizes = new Map<string, number>();
  for (const { path, size } of collectionsOf(root)) sizes.set(path, Math.max(size, sizes.get(path) ?? 0));
  return sizes;
}

/** The collections that are larger than they were. */
export function growth(before: CollectionSizes, after: CollectionSizes): readonly string[] {
  return [...after]
    .filter(([path, size]) => !RING.test(path) && size > (before.get(path) ?? 0) + FLUCTUATION)
    .map(([path, size]) => `${path}: ${before.get(path) ?? 0} before, ${size} after`);
}

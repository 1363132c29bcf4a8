/** By how much numbers that only grow have grown since they were last seen. */
export class Growth<Key> {
  private readonly seen = new Map<Key, number>();

  /**
   * 0 when it has shrunk: then it belongs to another start.
   * @param first what it was before it was first seen
   */
  of(key: Key, total: number, first: number = total): number {
    const before = this.seen.get(key) ?? first;
    this.seen.set(key, total);
    return Math.max(0, total - before);
  }

  forget(isOver: (key: Key) => boolean): void {
    for (const key of this.seen.keys()) if (isOver(key)) this.seen.delete(key);
  }
}

/** By how much numbers that only grow have grown since they were last seen. */
export class Growth<Key> {
  private readonly seen = new Map<Key, number>();

  /** 0 when it is seen for the first time, and when it has shrunk: then it belongs to another start. */
  of(key: Key, total: number): number {
    const before = this.seen.get(key);
    this.seen.set(key, total);
    return before === undefined ? 0 : Math.max(0, total - before);
  }

  forget(isOver: (key: Key) => boolean): void {
    for (const key of this.seen.keys()) if (isOver(key)) this.seen.delete(key);
  }
}

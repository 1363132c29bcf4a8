/** Keys that are taken for a time, by performance.now(). */
export class ClaimRegistry {
  /** When each claim ends, the oldest claim first. */
  private readonly endsAtMs = new Map<string, number>();

  /** Takes the key for `ttlMs`. False when it is taken. */
  claim(key: string, ttlMs: number): boolean {
    const nowMs = performance.now();
    this.forgetEnded(nowMs);
    const endMs = this.endsAtMs.get(key);
    if (endMs !== undefined && endMs > nowMs) return false;
    // To the end of the line, whatever was there before.
    this.endsAtMs.delete(key);
    this.endsAtMs.set(key, nowMs + ttlMs);
    return true;
  }

  get size(): number {
    return this.endsAtMs.size;
  }

  /** Stops at the first that still holds: with one `ttlMs` for all, what is behind it holds as well. */
  private forgetEnded(nowMs: number): void {
    for (const [key, endMs] of this.endsAtMs) {
      if (endMs > nowMs) return;
      this.endsAtMs.delete(key);
    }
  }
}

/** Keys that are claimed for a time, by performance.now(). */
export class ClaimRegistry {
  /** When each claim ends, the oldest claim first. */
  private readonly endsAtMs = new Map<string, number>();

  /** Claims the key for `ttlMs`. False if it is already claimed. */
  claim(key: string, ttlMs: number): boolean {
    const nowMs = performance.now();
    this.forgetEnded(nowMs);
    const endMs = this.endsAtMs.get(key);
    if (endMs !== undefined && endMs > nowMs) return false;
    // Moved to the end, even if an expired claim existed.
    this.endsAtMs.delete(key);
    this.endsAtMs.set(key, nowMs + ttlMs);
    return true;
  }

  get size(): number {
    return this.endsAtMs.size;
  }

  /** Stops at the first claim that is still valid: with one `ttlMs` for all, the later ones are valid as well. */
  private forgetEnded(nowMs: number): void {
    for (const [key, endMs] of this.endsAtMs) {
      if (endMs > nowMs) return;
      this.endsAtMs.delete(key);
    }
  }
}

/** Connections that are being closed, so that a complete close can wait for them. */
export class PendingCloses {
  private readonly pending = new Set<Promise<void>>();

  add(closed: Promise<void>): void {
    this.pending.add(closed);
    void closed.then(() => this.pending.delete(closed));
  }

  /** Resolves when everything that was added is closed. */
  async settled(): Promise<void> {
    await Promise.all(this.pending);
  }
}

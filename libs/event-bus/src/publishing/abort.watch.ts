type Aborted = () => void;

/** Adds one listener per signal, shared by all callbacks: Node warns of a leak from the eleventh listener on. */
export class AbortWatch {
  private readonly watched = new Map<AbortSignal, { readonly waiting: Set<Aborted>; stop(): void }>();

  /** Calls back when the signal aborts, unless {@link remove} is called first. */
  add(signal: AbortSignal, aborted: Aborted): void {
    let entry = this.watched.get(signal);
    if (entry === undefined) {
      const waiting = new Set<Aborted>();
      const abort = () => {
        this.watched.delete(signal);
        for (const each of waiting) each();
      };
      signal.addEventListener('abort', abort, { once: true });
      entry = { waiting, stop: () => signal.removeEventListener('abort', abort) };
      this.watched.set(signal, entry);
    }
    entry.waiting.add(aborted);
  }

  remove(signal: AbortSignal, aborted: Aborted): void {
    const entry = this.watched.get(signal);
    if (entry === undefined || !entry.waiting.delete(aborted) || entry.waiting.size > 0) return;
    entry.stop();
    this.watched.delete(signal);
  }
}

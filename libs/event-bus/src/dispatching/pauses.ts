import { MAX_TIMER_MS } from '../option.checks.js';

/** Pauses that may be ended together. */
export class Pauses {
  private readonly endings = new Set<() => void>();

  /** Resolves when the time is over, or with {@link end}. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.endings.delete(end);
        resolve();
      };
      const timer = setTimeout(end, Math.min(ms, MAX_TIMER_MS));
      this.endings.add(end);
    });
  }

  /** Ends those that go on. */
  end(): void {
    for (const end of this.endings) end();
  }
}

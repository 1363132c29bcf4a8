import { MAX_TIMER_MS } from '../option.checks.js';

/** Pauses that can be ended together. */
export class Pauses {
  private readonly endings = new Set<() => void>();

  /** Resolves when the time has passed, or with {@link end}. */
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

  /** Ends the running pauses. */
  end(): void {
    for (const end of this.endings) end();
  }
}

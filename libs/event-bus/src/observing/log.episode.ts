/** A line for the same trouble at most once in a while; the next one says how many there were meanwhile. */
export class LogEpisode {
  private untilMs = -Infinity;
  private unlogged = 0;

  constructor(private readonly forMs = 60_000) {}

  /** The next line is written. */
  get isOver(): boolean {
    return performance.now() >= this.untilMs;
  }

  /** Calls back with the number of lines that were left out before this one, or counts one more. */
  log(write: (unlogged: number) => void): void {
    const nowMs = performance.now();
    if (nowMs < this.untilMs) {
      this.unlogged += 1;
      return;
    }
    const { unlogged } = this;
    this.untilMs = nowMs + this.forMs;
    this.unlogged = 0;
    write(unlogged);
  }
}

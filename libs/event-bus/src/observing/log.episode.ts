/** Writes a line for the same problem at most once per interval. The next line says how many were left out. */
export class LogEpisode {
  private untilMs = -Infinity;
  private unlogged = 0;

  constructor(private readonly forMs = 60_000) {}

  /** The interval is over: the next line is written. */
  get isOver(): boolean {
    return performance.now() >= this.untilMs;
  }

  /** Calls back with the number of lines left out before this one, or counts one more. */
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

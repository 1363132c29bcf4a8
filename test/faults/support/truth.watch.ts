const SAMPLE_MS = 20;

/** While a load flows: how long somebody says that all is well and hears nothing. */
export class TruthWatch {
  longestMs = 0;
  private sampledAtMs = performance.now();
  private silentSinceMs = this.sampledAtMs;
  private heardBefore = 0;
  private readonly timer = setInterval(() => this.sample(), SAMPLE_MS);

  constructor(
    private readonly isReady: () => boolean,
    private readonly heard: () => number,
  ) {}

  stop(): void {
    clearInterval(this.timer);
  }

  private sample(): void {
    const nowMs = performance.now();
    // A loop that stands still hears nothing, and cannot say anything either.
    const stoodStill = nowMs - this.sampledAtMs > 5 * SAMPLE_MS;
    const heard = this.heard();
    if (stoodStill || heard !== this.heardBefore || !this.isReady()) this.silentSinceMs = nowMs;
    this.longestMs = Math.max(this.longestMs, nowMs - this.silentSinceMs);
    this.heardBefore = heard;
    this.sampledAtMs = nowMs;
  }
}

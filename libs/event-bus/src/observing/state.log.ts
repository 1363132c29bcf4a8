/** A bus that breaks again within this time after recovery is reported as unstable. */
const QUIET_MS = 5_000;

export interface TurnedState {
  readonly status: 'degraded' | 'ready';
  readonly reason?: string | undefined;
}

/**
 * Writes the lines for a degraded bus and for its recovery. The first of each is written at once. While the state keeps
 * changing, one line every few seconds gives the current state and the number of lines left out.
 */
export class StateLog {
  private written: TurnedState['status'] = 'ready';
  private latest: TurnedState = { status: 'ready' };
  private unlogged = 0;
  private quiet: NodeJS.Timeout | undefined;

  constructor(private readonly write: (state: TurnedState, unlogged: number) => void) {}

  turned(state: TurnedState): void {
    this.latest = state;
    if (this.quiet !== undefined) {
      this.unlogged += 1;
      return;
    }
    this.tell(0);
    if (state.status === 'ready') this.keepQuiet();
  }

  /** No more lines are written. */
  close(): void {
    clearTimeout(this.quiet);
    this.quiet = undefined;
  }

  private keepQuiet(): void {
    this.quiet = setTimeout(() => {
      this.quiet = undefined;
      const { unlogged } = this;
      if (unlogged === 0) return;
      const isNew = this.latest.status !== this.written;
      this.unlogged = 0;
      this.keepQuiet();
      this.tell(isNew ? unlogged - 1 : unlogged);
    }, QUIET_MS);
    this.quiet.unref();
  }

  private tell(unlogged: number): void {
    this.written = this.latest.status;
    this.write(this.latest, unlogged);
  }
}

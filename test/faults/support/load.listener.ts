import type { HandlerSetup } from './contender.js';

/** What every contender hands over of an event of the load, whatever it makes of its envelope. */
interface LoadEvent {
  readonly channel: number;
  readonly sequence: number;
  readonly isLast: boolean;
}

/** Counts what arrives of the load, and by its numbers what does not. */
export class LoadListener {
  handled = 0;
  /** Numbers that did not come before one that did. */
  lost = 0;
  /** Events that came again. */
  repeated = 0;
  /** The longest time between two events. */
  longestSilenceMs = 0;
  private latestAtMs: number | undefined;
  private readonly latest = new Map<number, number>();
  private readonly ended = new Set<number>();

  constructor(private readonly channelCount = 4) {}

  /** The last event of every channel has come. */
  get isComplete(): boolean {
    return this.ended.size === this.channelCount;
  }

  get targets(): readonly string[] {
    return Array.from({ length: this.channelCount }, (_, channel) => `load:${channel}`);
  }

  get handlers(): readonly HandlerSetup[] {
    return [{ name: 'listen', targets: this.targets, handle: (payload) => this.hear(payload) }];
  }

  hear(payload: unknown): void {
    // Those who know nothing of CloudEvents hand over the whole envelope.
    const { channel, sequence, isLast } = (payload as { data?: LoadEvent }).data ?? (payload as LoadEvent);
    const latest = this.latest.get(channel) ?? 0;
    if (sequence <= latest) {
      this.repeated += 1;
      return;
    }
    this.handled += 1;
    this.lost += sequence - latest - 1;
    this.latest.set(channel, sequence);
    if (isLast) this.ended.add(channel);
    this.timeSilence();
  }

  /** Silence is measured anew from here. */
  restartSilence(): void {
    this.longestSilenceMs = 0;
  }

  private timeSilence(): void {
    const nowMs = performance.now();
    if (this.latestAtMs !== undefined)
      this.longestSilenceMs = Math.max(this.longestSilenceMs, nowMs - this.latestAtMs);
    this.latestAtMs = nowMs;
  }
}

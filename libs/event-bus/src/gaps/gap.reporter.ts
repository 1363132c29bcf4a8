import type { EventStamp } from '../message/event.codec.js';
import type { Gap } from './gap.js';
import type { SequenceTracker } from './sequence.tracker.js';

/**
 * How long a gap waits for the events that tell how many are missing, in milliseconds: each publisher's next one on
 * each channel. Reconciling begins so much later.
 */
const COUNTING_MS = 250;

/** Makes one gap of what an interruption and the holes after it tell, and passes it on. */
export class GapReporter {
  private open: { gap: Gap; readonly channels: Set<string>; readonly timer: NodeJS.Timeout } | undefined;

  constructor(
    /** Absent where the codec carries no numbers: then gaps are passed on at once, with `missed` undefined. */
    private readonly tracker: SequenceTracker | undefined,
    private readonly report: (gap: Gap) => void,
  ) {}

  /** Events without a number since the start. Nobody can say which of their kind are missing. */
  get unsequencedEvents(): number {
    return this.tracker?.unsequencedEvents ?? 0;
  }

  /** An event came in, maybe through several subscriptions. */
  received(channel: string, stamp: EventStamp | undefined, nowMs: number): void {
    const hole = this.tracker?.observe(channel, stamp, nowMs);
    if (hole === undefined) return;
    if (this.open === undefined) {
      const { missed, fromMs } = hole;
      this.start({ reason: 'events-missed', targets: [], fromMs, toMs: nowMs, missed });
    } else {
      const { gap } = this.open;
      const isInterruption = gap.reason !== 'events-missed';
      this.open.gap = {
        ...gap,
        fromMs: isInterruption ? gap.fromMs : Math.min(gap.fromMs, hole.fromMs),
        toMs: isInterruption ? gap.toMs : nowMs,
        missed: (gap.missed ?? 0) + hole.missed,
      };
    }
    // A hole within an interruption lies on a channel that its targets name already.
    if (this.open?.gap.reason === 'events-missed') this.open.channels.add(channel);
  }

  /** What was interrupted is back. Passed on once the missing events are counted, or at once where nobody can. */
  interrupted(gap: Omit<Gap, 'missed'>): void {
    const missed = gap.reason === 'connection-lost' ? this.takeHoles() : 0;
    this.flush();
    if (this.tracker === undefined || this.tracker.isEmpty) this.report({ ...gap, missed: undefined });
    else this.start({ ...gap, missed });
  }

  /** Known in full: passed on at once. */
  known(gap: Gap): void {
    this.report(gap);
  }

  /** These channels were given up: what comes on them later goes on from nothing. */
  forget(matches: (channel: string) => boolean): void {
    this.tracker?.forget(matches);
  }

  /** Passes on what is still being counted. */
  flush(): void {
    if (this.open === undefined) return;
    const { gap, channels, timer } = this.open;
    clearTimeout(timer);
    this.open = undefined;
    // What one subscription missed may have come through another: that nothing is missing, nobody knows.
    const isUnknown = gap.reason === 'subscription-denied' && gap.missed === 0;
    this.report({
      ...gap,
      targets: channels.size === 0 ? gap.targets : [...channels],
      missed: isUnknown ? undefined : gap.missed,
    });
  }

  /** Some subscriptions of a new link deliver before the last one is confirmed: their holes are the interruption's. */
  private takeHoles(): number {
    if (this.open?.gap.reason !== 'events-missed') return 0;
    const { gap, timer } = this.open;
    clearTimeout(timer);
    this.open = undefined;
    return gap.missed ?? 0;
  }

  private start(gap: Gap): void {
    const timer = setTimeout(() => this.flush(), COUNTING_MS);
    timer.unref();
    this.open = { gap, channels: new Set(), timer };
  }
}

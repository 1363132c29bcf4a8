import type { EventStamp } from '../message/event.codec.js';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import { parseTarget } from '../routing/handler-target.js';
import type { Gap } from './gap.js';
import { joinGaps } from './gap.js';
import type { SequenceTracker } from './sequence.tracker.js';

/**
 * How long a gap is kept open to count the missing events, in milliseconds: each publisher's next event on each channel shows
 * them. Reconciling starts that much later.
 */
const COUNTING_MS = 250;

const COUNT_BEGAN_ANEW =
  "A publisher's event numbers on this channel jumped further than is possible, so counting was restarted. Another publisher may use the same id: check who can publish there.";
const NO_PREFIX = new ChannelPrefix('');

/** Combines an interruption and the holes after it into one gap, and reports it. */
export class GapReporter {
  private open: { gap: Gap; readonly channels: Set<string>; readonly timer: NodeJS.Timeout } | undefined;

  constructor(
    /** Absent if the codec carries no numbers: gaps are then reported at once, with `missed` undefined. */
    private readonly tracker: SequenceTracker | undefined,
    /** Reports a gap at once. Call it directly for a gap that needs no counting. */
    readonly report: (gap: Gap) => void,
  ) {}

  /** Events without a number since the start. Whether any of them are missing is unknown. */
  get unsequencedEvents(): number {
    return this.tracker?.unsequencedEvents ?? 0;
  }

  /** An event arrived at `nowMs`, by the wall clock; possibly through several subscriptions. */
  received(channel: string, stamp: EventStamp | undefined, nowMs: number): void {
    if (this.tracker === undefined) return;
    // Durations need a clock that is never set; events without a number need none.
    const momentMs = stamp === undefined ? 0 : performance.now();
    const hole = this.tracker.observe(channel, stamp, momentMs);
    if (hole === undefined) return;
    const { missed } = hole;
    const fromMs = nowMs - Math.round(momentMs - hole.fromMs);
    const gap: Gap = { reason: 'events-missed', targets: [], fromMs, toMs: nowMs, missed };
    if (missed === undefined) return this.report({ ...gap, targets: [channel], hint: COUNT_BEGAN_ANEW });
    if (this.open === undefined) this.start(gap);
    else this.open.gap = joined(this.open.gap, gap);
    // The targets of an interruption already include the channel of a hole within it.
    if (this.open?.gap.reason === 'events-missed') this.open.channels.add(channel);
  }

  /** The interruption is over. Reported once the missing events are counted, or at once if they cannot be. */
  interrupted(gap: Omit<Gap, 'missed'>): void {
    const missed = gap.reason === 'connection-lost' ? this.takeHoles() : 0;
    this.flush();
    if (this.tracker === undefined || this.tracker.size === 0) this.report({ ...gap, missed: undefined });
    else this.start({ ...gap, missed });
  }

  /** These channels were unsubscribed: later events on them start a new count. */
  forget(matches: (channel: string) => boolean): void {
    this.tracker?.forget(matches);
  }

  /** Reports the gap that is still being counted. */
  flush(): void {
    if (this.open === undefined) return;
    const { gap, channels, timer } = this.open;
    clearTimeout(timer);
    this.open = undefined;
    // Another subscription may have delivered what this one missed, so that zero missing events are not certain.
    const isUnknown = (gap.reason === 'subscription-denied' && gap.missed === 0) || this.isBlindIn(gap);
    this.report({
      ...gap,
      targets: channels.size === 0 ? gap.targets : [...channels],
      missed: isUnknown ? undefined : gap.missed,
    });
  }

  /** If counts were evicted, the events of their publishers are unknown. A hole itself was seen between two numbers. */
  private isBlindIn({ reason, targets }: Gap): boolean {
    if (reason === 'events-missed' || this.tracker === undefined) return false;
    return this.tracker.isBlind(
      (channel) => targets.some((text) => matches(text, channel)),
      performance.now(),
    );
  }

  /** Some subscriptions of a new link deliver before the last one is confirmed: their holes belong to the interruption. */
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

/** A hole within an interruption only changes the number of missing events. */
function joined(open: Gap, hole: Gap): Gap {
  const isInterruption = open.reason !== 'events-missed';
  const missed = (open.missed ?? 0) + (hole.missed ?? 0);
  return isInterruption ? { ...open, missed } : { ...joinGaps(open, hole), missed };
}

/** Targets are as written, channels are without the application's prefix. */
function matches(text: string, channel: string): boolean {
  return text === channel || parseTarget(text, NO_PREFIX).matches(channel);
}

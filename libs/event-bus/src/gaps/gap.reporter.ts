import type { EventStamp } from '../message/event.codec.js';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import { parseTarget } from '../routing/handler-target.js';
import type { Gap } from './gap.js';
import { joinGaps } from './gap.js';
import type { SequenceTracker } from './sequence.tracker.js';

/**
 * How long a gap waits for the events that tell how many are missing, in milliseconds: each publisher's next one on
 * each channel. Reconciling begins so much later.
 */
const COUNTING_MS = 250;

const COUNT_BEGAN_ANEW =
  "A publisher's numbers on this channel jumped further than it can have counted, so that its count began anew. Somebody else may publish under its id: see who may publish there.";
const NO_PREFIX = new ChannelPrefix('');

/** Makes one gap of what an interruption and the holes after it tell, and passes it on. */
export class GapReporter {
  private open: { gap: Gap; readonly channels: Set<string>; readonly timer: NodeJS.Timeout } | undefined;

  constructor(
    /** Absent where the codec carries no numbers: then gaps are passed on at once, with `missed` undefined. */
    private readonly tracker: SequenceTracker | undefined,
    /** To be called for a gap that is known in full: it is passed on at once. */
    readonly report: (gap: Gap) => void,
  ) {}

  /** Events without a number since the start. Nobody can say which of their kind are missing. */
  get unsequencedEvents(): number {
    return this.tracker?.unsequencedEvents ?? 0;
  }

  /** An event came in at `nowMs`, by the wall clock; maybe through several subscriptions. */
  received(channel: string, stamp: EventStamp | undefined, nowMs: number): void {
    if (this.tracker === undefined) return;
    // Nothing is measured by a clock that may be set; events without a number ask for no other.
    const momentMs = stamp === undefined ? 0 : performance.now();
    const hole = this.tracker.observe(channel, stamp, momentMs);
    if (hole === undefined) return;
    const { missed } = hole;
    const fromMs = nowMs - Math.round(momentMs - hole.fromMs);
    const gap: Gap = { reason: 'events-missed', targets: [], fromMs, toMs: nowMs, missed };
    if (missed === undefined) return this.report({ ...gap, targets: [channel], hint: COUNT_BEGAN_ANEW });
    if (this.open === undefined) this.start(gap);
    else this.open.gap = joined(this.open.gap, gap);
    // A hole within an interruption lies on a channel that its targets name already.
    if (this.open?.gap.reason === 'events-missed') this.open.channels.add(channel);
  }

  /** What was interrupted is back. Passed on once the missing events are counted, or at once where nobody can. */
  interrupted(gap: Omit<Gap, 'missed'>): void {
    const missed = gap.reason === 'connection-lost' ? this.takeHoles() : 0;
    this.flush();
    if (this.tracker === undefined || this.tracker.size === 0) this.report({ ...gap, missed: undefined });
    else this.start({ ...gap, missed });
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
    const isUnknown = (gap.reason === 'subscription-denied' && gap.missed === 0) || this.isBlindIn(gap);
    this.report({
      ...gap,
      targets: channels.size === 0 ? gap.targets : [...channels],
      missed: isUnknown ? undefined : gap.missed,
    });
  }

  /** Where counts had to go for others nobody knows what their publishers sent. A hole was seen between two numbers. */
  private isBlindIn({ reason, targets }: Gap): boolean {
    if (reason === 'events-missed' || this.tracker === undefined) return false;
    return this.tracker.isBlind(
      (channel) => targets.some((text) => matches(text, channel)),
      performance.now(),
    );
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

/** A hole within an interruption changes nothing but how many are missing. */
function joined(open: Gap, hole: Gap): Gap {
  const isInterruption = open.reason !== 'events-missed';
  const missed = (open.missed ?? 0) + (hole.missed ?? 0);
  return isInterruption ? { ...open, missed } : { ...joinGaps(open, hole), missed };
}

/** Targets are as they were written, and channels without the application's prefix. */
function matches(text: string, channel: string): boolean {
  return text === channel || parseTarget(text, NO_PREFIX).matches(channel);
}

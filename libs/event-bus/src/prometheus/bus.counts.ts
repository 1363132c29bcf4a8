import { propertyOf } from '../foreign.js';
import type { GapReason } from '../gaps/gap.js';
import type { EventBusObserver, ObservedHandler } from '../observing/event-bus.observer.js';
import type * as facts from '../observing/observer.facts.js';
import { COUNTS_PUBLISHES } from '../observing/observer.registry.js';
import { HandlerCounts } from './handler.counts.js';
import { Histogram } from './histogram.js';
import { PublishCounts } from './publish.counts.js';
import { ReceivedCounts } from './received.counts.js';
import type { DeclaredTargets } from './received.counts.js';

/** The `reason` of a rejected event, by the code of its error. */
const REJECTED = {
  EVENT_BUS_PAYLOAD_DECODE: 'unreadable',
  EVENT_BUS_PAYLOAD_INVALID: 'invalid',
  EVENT_BUS_PAYLOAD_TOO_LARGE: 'too-large',
  EVENT_BUS_GROUP_CLAIM: 'unclaimed',
} as const;

type RejectedReason = (typeof REJECTED)[keyof typeof REJECTED] | 'other';

/** What one bus did since its start, as plain numbers. A scrape reads them; an event costs additions. */
export class BusCounts implements EventBusObserver {
  readonly [COUNTS_PUBLISHES] = true;
  readonly publishes = new PublishCounts();
  readonly receives: ReceivedCounts;
  /** By name: two instances of one class count as one handler. */
  readonly handlers = new Map<string, HandlerCounts>();
  readonly waits: Histogram;
  readonly rejections: Record<RejectedReason, number> = {
    unreadable: 0,
    invalid: 0,
    'too-large': 0,
    unclaimed: 0,
    other: 0,
  };
  readonly gapsByReason: Record<GapReason, number> = {
    'connection-lost': 0,
    'subscription-lost': 0,
    'subscription-denied': 0,
    'started-late': 0,
    'events-missed': 0,
    'buffer-overflow': 0,
  };
  readonly letters = { published: 0, lost: 0 };
  readonly stuckCalls: Record<facts.StuckFact['call'], number> = { handler: 0, 'gap-handler': 0, hook: 0 };
  missedEvents = 0;
  streamDrops = 0;

  constructor(
    private readonly buckets: readonly number[],
    declared: () => DeclaredTargets,
  ) {
    this.waits = new Histogram(buckets);
    this.receives = new ReceivedCounts(declared);
  }

  /** Nothing runs around a handler: this only tells which handlers there are. */
  aroundHandle({ name, targets }: ObservedHandler): undefined {
    this.handlerOf(name).declare(targets);
    this.receives.forgetDeclared();
  }

  published(fact: facts.PublishedFact): void {
    this.publishes.published(fact);
  }

  publishFailed(fact: facts.PublishFailedFact): void {
    this.publishes.failed(fact);
  }

  received({ through, events }: facts.ReceivedFact): void {
    this.receives.add(through.name, events);
  }

  handled(fact: facts.HandledFact): void {
    const counts = this.handlerOf(fact.handler);
    counts.outcomesOf(fact.target).ok += 1;
    this.time(counts, fact);
  }

  failed(fact: facts.FailedFact): void {
    const counts = this.handlerOf(fact.handler);
    counts.failed(fact);
    this.time(counts, fact);
  }

  repeated(fact: facts.RepeatedFact): void {
    const counts = this.handlerOf(fact.handler);
    counts.retries += 1;
    this.time(counts, fact);
  }

  rejected({ error, events }: facts.RejectedFact): void {
    const code = propertyOf(error, 'code');
    this.rejections[REJECTED[code as keyof typeof REJECTED] ?? 'other'] += events;
  }

  dropped({ handler }: facts.DroppedFact): void {
    this.handlerOf(handler).dropped += 1;
  }

  leftToGroup({ handler }: facts.LeftToGroupFact): void {
    this.handlerOf(handler).leftToGroup += 1;
  }

  stuck({ call, handler }: facts.StuckFact): void {
    this.stuckCalls[call] += 1;
    if (call === 'handler') this.handlerOf(handler).isStuck = true;
  }

  unstuck({ handler }: facts.UnstuckFact): void {
    this.handlerOf(handler).isStuck = false;
  }

  deadLettered(): void {
    this.letters.published += 1;
  }

  deadLetterLost(): void {
    this.letters.lost += 1;
  }

  gap({ reason, missed }: facts.GapFact): void {
    this.gapsByReason[reason] += 1;
    this.missedEvents += missed ?? 0;
  }

  streamDropped(): void {
    this.streamDrops += 1;
  }

  /** An event for which nothing was called has no time. Its wait is that before its first call. */
  private time(counts: HandlerCounts, { attempt, tookMs, waitedMs }: facts.HandledFact): void {
    if (attempt === 0) return;
    counts.durations.record(tookMs);
    if (attempt === 1) this.waits.record(waitedMs);
  }

  private handlerOf(name: string): HandlerCounts {
    let counts = this.handlers.get(name);
    if (counts === undefined) {
      counts = new HandlerCounts(name, this.buckets);
      this.handlers.set(name, counts);
    }
    return counts;
  }
}

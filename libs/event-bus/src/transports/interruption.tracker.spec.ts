import type { SubscriptionTarget } from '../routing/subscription-target.js';
import { InterruptionTracker } from './interruption.tracker.js';

const channel = (name: string): SubscriptionTarget => ({ kind: 'channel', name });
const [a, b, c] = [channel('a'), channel('b'), channel('c')];

const lost = (fromMs: number, hint?: string) => ({ reason: 'connection-lost', fromMs, hint }) as const;

describe('InterruptionTracker', () => {
  let tracker: InterruptionTracker;
  beforeEach(() => {
    tracker = new InterruptionTracker();
  });

  it('tells once when all are back, and not before', () => {
    tracker.start([a, b], lost(10));
    expect(tracker.isWaiting).toBe(true);
    expect(tracker.finish(11)).toEqual([]);
    tracker.confirmed([a]);
    expect(tracker.finish(12)).toEqual([]);
    tracker.confirmed([{ ...b }]);
    expect(tracker.isWaiting).toBe(false);
    expect(tracker.finish(13)).toEqual([
      { reason: 'connection-lost', targets: [a, b], fromMs: 10, toMs: 13 },
    ]);
    expect(tracker.finish(14)).toEqual([]);
  });

  it('takes several losses before all are back for one, from the first on', () => {
    tracker.start([a, b], lost(10));
    tracker.confirmed([a]);
    tracker.start([a, c], lost(20));
    tracker.confirmed([a, b]);
    expect(tracker.finish(30)).toEqual([]);
    tracker.confirmed([c]);
    expect(tracker.finish(31)).toEqual([
      { reason: 'connection-lost', targets: [a, b, c], fromMs: 10, toMs: 31 },
    ]);
  });

  it('begins anew after what it has told', () => {
    tracker.start([a], lost(10));
    tracker.confirmed([a]);
    tracker.finish(11);
    tracker.start([a], lost(20));
    tracker.confirmed([a]);
    expect(tracker.finish(21)).toMatchObject([{ fromMs: 20, toMs: 21 }]);
  });

  it('knows nothing of what was not active', () => {
    tracker.confirmed([a]);
    tracker.denied(a);
    tracker.start([b], lost(10));
    tracker.confirmed([a, b]);
    expect(tracker.finish(11)).toMatchObject([{ targets: [b] }]);
  });

  it('does not let the denied ones hold up the others, and tells of them when they are back', () => {
    tracker.start([a, b], lost(10));
    tracker.denied(a);
    tracker.denied(a);
    tracker.confirmed([b]);
    expect(tracker.finish(11)).toMatchObject([{ reason: 'connection-lost', targets: [b] }]);
    expect(tracker.isWaiting).toBe(false);
    tracker.confirmed([a]);
    expect(tracker.finish(40)).toEqual([
      { reason: 'subscription-denied', targets: [a], fromMs: 10, toMs: 40 },
    ]);
  });

  it('waits for a denied one again on the next link, and tells its reason apart', () => {
    tracker.start([a, b], lost(10));
    tracker.denied(a);
    tracker.confirmed([b]);
    tracker.finish(11);
    tracker.start([b], lost(20));
    tracker.confirmed([b]);
    expect(tracker.finish(21)).toEqual([]);
    tracker.confirmed([a]);
    expect(tracker.finish(22)).toEqual([
      { reason: 'connection-lost', targets: [b], fromMs: 20, toMs: 22 },
      { reason: 'subscription-denied', targets: [a], fromMs: 10, toMs: 22 },
    ]);
  });

  it('forgets what nobody wants any more, whether it waits, is denied or is back', () => {
    tracker.start([a, b, c], lost(10));
    tracker.confirmed([a]);
    tracker.denied(b);
    tracker.dropped([a, b, channel('other')]);
    expect(tracker.isWaiting).toBe(true);
    tracker.dropped([c]);
    expect(tracker.isWaiting).toBe(false);
    expect(tracker.finish(11)).toEqual([]);
    tracker.confirmed([a, b, c]);
    expect(tracker.finish(12)).toEqual([]);
  });

  it('is over for the others when the last that was missing is dropped', () => {
    tracker.start([a, b], lost(10));
    tracker.confirmed([a]);
    tracker.dropped([b]);
    expect(tracker.finish(11)).toMatchObject([{ targets: [a] }]);
  });

  it('passes on the hint', () => {
    tracker.start([a], lost(10, 'read faster'));
    tracker.start([], lost(20));
    tracker.confirmed([a]);
    expect(tracker.finish(30)).toMatchObject([{ fromMs: 10, hint: 'read faster' }]);
  });

  it('takes up a single one without touching the others', () => {
    tracker.start([a, b], lost(10));
    tracker.denied(a);
    tracker.add([c], lost(20));
    tracker.add([c], lost(21));
    tracker.confirmed([b, c]);
    expect(tracker.finish(30)).toEqual([
      { reason: 'connection-lost', targets: [b, c], fromMs: 10, toMs: 30 },
    ]);
  });

  it('keeps the beginning of one that was back when it is taken up again', () => {
    tracker.start([a, b], lost(10));
    tracker.confirmed([a]);
    tracker.add([a], lost(20));
    tracker.confirmed([a, b]);
    expect(tracker.finish(30)).toMatchObject([{ targets: [a, b], fromMs: 10 }]);
  });

  it('tells why one is interrupted', () => {
    tracker.start([a, b], lost(10));
    tracker.confirmed([a]);
    expect([a, b, c].map((target) => tracker.causeOf(target)?.fromMs)).toEqual([10, 10, undefined]);
  });
});

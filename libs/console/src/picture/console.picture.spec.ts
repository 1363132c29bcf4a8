import { InstanceDirectory } from 'nestjs-redis-event-bus/reporting';
import type { Report } from 'nestjs-redis-event-bus/reporting';
import { countersOf, handlerOf, reportOf } from '../../../../test/support/fake.reports.js';
import type { ConsoleFrame } from '../frame.js';
import { ConsolePicture } from './console.picture.js';

const LINK = { place: 'redis here', isLive: true, ignored: 0 };

/** A picture by a clock that the test moves, and what services report to it. */
class Scene {
  nowMs = 1_000_000;
  readonly directory = new InstanceDirectory({ now: () => this.nowMs });
  readonly picture = new ConsolePicture(this.directory, () => this.nowMs);

  reports(report: Report): void {
    const message = this.directory.take(JSON.stringify(report));
    if (message?.type === 'report') this.picture.take(message);
  }

  /** A second passes. */
  next(link: Partial<typeof LINK> = {}): ConsoleFrame {
    this.nowMs += 1_000;
    return this.picture.next({ ...LINK, ...link });
  }
}

const published = (name: string, count: number, parts: object = {}) => ({
  published: {
    top: [
      { name, isTemplate: false, kind: 'channel' as const, published: count, nobody: 0, failed: 0, ...parts },
    ],
    rest: { published: 0, nobody: 0, failed: 0 },
  },
});

describe('the picture', () => {
  it('makes rates of the difference between two reports, and none of the first', () => {
    const scene = new Scene();
    scene.reports(reportOf({ coversMs: 0, counters: countersOf({ published: 5_000 }) }));
    expect(scene.next().totals.published).toBe(0);
    scene.reports(reportOf({ counters: countersOf({ published: 5_120 }) }));
    expect(scene.next().totals.published).toBe(120);
  });

  it('shows a channel from its first event on, unless the report may have left it out before', () => {
    const scene = new Scene();
    scene.reports(reportOf({ coversMs: 0 }));
    scene.reports(reportOf(published('first', 1)));
    expect(scene.next().channels).toMatchObject([{ name: 'first' }]);
    scene.reports(reportOf({ ...published('late', 9_000), leftOut: { published: 3 } }));
    expect(scene.next().channels.map(({ name }) => name)).toEqual(['first']);
  });

  it('goes on from the totals when a report was lost', () => {
    const scene = new Scene();
    scene.reports(reportOf({ coversMs: 0 }));
    scene.next();
    scene.reports(reportOf({ coversMs: 2_000, counters: countersOf({ published: 200 }) }));
    expect(scene.next().totals.published).toBe(100);
  });

  it('does not count a start as a rate below zero', () => {
    const scene = new Scene();
    scene.reports(reportOf({ counters: countersOf({ published: 5_000 }) }));
    scene.reports(reportOf({ counters: countersOf({ published: 3 }) }));
    expect(scene.next().totals.published).toBe(0);
  });

  it('shows who publishes a channel, who handles it, and what reaches nobody', () => {
    const scene = new Scene();
    const notifier = (handled: number) => [
      handlerOf('OrderNotifier.notify', ['orders:*'], {
        handled,
        durations: { calls: handled, tookMs: handled * 3, slowestMs: 9, waitedMs: 0 },
      }),
    ];
    for (const n of [0, 10]) {
      scene.reports(
        reportOf({ ...published('orders:<id>:created', n, { subscriptions: 2 }) }, 'orders', 'o'),
      );
      scene.reports(reportOf({ ...published('lost', n, { subscriptions: 0, nobody: n }) }, 'billing', 'b'));
      scene.reports(reportOf({ handlers: notifier(n) }, 'notifications', 'n1'));
      scene.reports(reportOf({ handlers: notifier(n) }, 'notifications', 'n2'));
      scene.next();
    }
    const frame = scene.next();
    expect(frame.handlers).toMatchObject([
      { service: 'notifications', handler: 'OrderNotifier.notify', instances: 2, handled: 20, tookMs: 3 },
    ]);
    const [{ key } = { key: '' }] = frame.handlers;
    expect(frame.channels).toMatchObject([
      { name: 'lost', publishers: ['billing'], subscriptions: 0, toNobody: 10, handlers: [] },
      { name: 'orders:<id>:created', publishers: ['orders'], subscriptions: 2, toNobody: 0, handlers: [key] },
    ]);
    expect(frame.troubles).toMatchObject([{ kind: 'nobody', at: 'lost' }]);
    // It goes on, and is not told again.
    expect(scene.next().troubles).toHaveLength(1);
  });

  it('calls an instance silent after three reports that did not come, and ready again when they do', () => {
    const scene = new Scene();
    scene.reports(reportOf());
    const states = [1, 2, 3, 4].map(() => scene.next().instances[0]?.state);
    expect(states).toEqual(['ready', 'ready', 'ready', 'silent']);
    expect(scene.next().troubles).toMatchObject([{ kind: 'silent', at: 'orders' }]);
    scene.reports(reportOf());
    const frame = scene.next();
    expect(frame.instances).toMatchObject([{ state: 'ready' }]);
    expect(frame.troubles).toMatchObject([{ kind: 'state' }, { kind: 'silent' }]);
  });

  it('judges nobody while its own link is down', () => {
    const scene = new Scene();
    scene.reports(reportOf());
    scene.next();
    scene.directory.linkLost();
    const frames = Array.from({ length: 10 }, () => scene.next({ isLive: false }));
    expect(frames.at(-1)).toMatchObject({ instances: [{ state: 'ready' }], troubles: [] });
    expect(frames.at(-1)?.rates.atMs).toHaveLength(1);
  });

  it('tells each gap once, and counts those of the last hour', () => {
    const scene = new Scene();
    const gap = {
      reason: 'connection-lost',
      targets: ['orders:*'],
      fromMs: 0,
      toMs: 2_100,
      missed: 14,
    } as const;
    scene.reports(reportOf({ gaps: [gap] }));
    scene.reports(reportOf());
    const frame = scene.next();
    expect(frame.totals.gaps).toBe(1);
    expect(frame.troubles).toMatchObject([
      { kind: 'gap', at: 'orders', text: 'connection-lost for 2.1 s on orders:*: 14 events missed' },
    ]);
    scene.nowMs += 3_600_000;
    expect(scene.next().totals.gaps).toBe(0);
  });

  it('joins what publisher and handlers say of one event, also when it comes later', () => {
    const scene = new Scene();
    const event = { channel: 'orders:created', id: 'e1' };
    scene.reports(
      reportOf({ tail: [{ what: 'published', atMs: 5, tookMs: 1, subscriptions: 2, bytes: 20, ...event }] }),
    );
    expect(scene.next().tail.rows).toMatchObject([{ publisher: 'orders', subscriptions: 2, outcomes: [] }]);
    const outcomes = [
      { what: 'handled' as const, atMs: 6, handler: 'A.b', tookMs: 3, ...event },
      { what: 'failed' as const, atMs: 7, handler: 'C.d', tookMs: 4, error: 'TypeError', ...event },
    ];
    scene.reports(reportOf({ tail: outcomes }, 'notifications', 'n'));
    expect(scene.next().tail.rows).toMatchObject([
      { publisher: 'orders', outcomes: [{ handler: 'A.b' }, { handler: 'C.d', error: 'TypeError' }] },
    ]);
    expect(scene.next().tail.rows).toEqual([]);
  });

  it('says how many events it does not show', () => {
    const scene = new Scene();
    const tail = Array.from({ length: 150 }, (_, n) => ({
      what: 'published' as const,
      atMs: n,
      channel: 'c',
      tookMs: 0,
    }));
    scene.reports(reportOf({ tail, leftOut: { tail: 4_850 } }));
    const frame = scene.next();
    expect(frame.tail.rows).toHaveLength(100);
    expect(frame.tail.notShown).toBe(4_900);
  });

  it('tells of channels without a reader in a few lines, however many there are', () => {
    const scene = new Scene();
    scene.reports(reportOf({ coversMs: 0 }));
    const top = Array.from({ length: 40 }, (_, n) => ({
      name: `user:${n}`,
      isTemplate: false,
      kind: 'channel' as const,
      published: 1,
      nobody: 1,
      failed: 0,
      subscriptions: 0,
    }));
    scene.reports(reportOf({ published: { top, rest: { published: 0, nobody: 0, failed: 0 } } }));
    expect(scene.next().troubles.map(({ at }) => at)).toEqual([
      '37 more channels',
      'user:2',
      'user:1',
      'user:0',
    ]);
  });

  it('goes on to see new channels where channels come and go', () => {
    const scene = new Scene();
    scene.reports(reportOf({ coversMs: 0 }));
    for (let round = 0; round < 20; round += 1) {
      const top = Array.from({ length: 50 }, (_, n) => published(`c:${round}:${n}`, 1).published.top[0]!);
      scene.reports(reportOf({ published: { top, rest: { published: 0, nobody: 0, failed: 0 } } }));
      scene.nowMs += 61_000;
      scene.reports(reportOf({}));
    }
    scene.reports(reportOf(published('the newest', 1)));
    expect(scene.next().channels).toMatchObject([{ name: 'the newest' }]);
  });

  it('stays bounded whatever is reported', () => {
    const scene = new Scene();
    for (let n = 0; n < 300; n += 1) {
      const top = Array.from({ length: 50 }, (_, at) => ({
        ...published(`c:${n}:${at}`, 1).published.top[0]!,
      }));
      const { rest } = published('', 0).published;
      scene.reports(reportOf({ published: { top, rest } }, `service-${n}`, `id-${n}`));
      scene.reports(
        reportOf(
          { published: { top: top.map((each) => ({ ...each, published: 9 })), rest } },
          `service-${n}`,
          `id-${n}`,
        ),
      );
    }
    const frame = scene.next();
    expect(frame.instances).toHaveLength(100);
    expect(frame.channels.length).toBeLessThanOrEqual(60);
    expect(frame.rates.series.length).toBeLessThanOrEqual(8);
    expect(frame.leftOut).toEqual(['200 instances', '14940 channels']);
    expect(JSON.stringify(frame).length).toBeLessThan(65_536);
  });
});

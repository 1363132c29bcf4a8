import { PlannedSubscription } from './planned.subscription.js';
import { ServiceHandOver } from './service.hand-over.js';
import { ServiceStarts } from './service.starts.js';
import type { PhaseEvent } from './subscription.phase.js';

type Planned = PlannedSubscription<object>;

function planned(name: string, ...events: PhaseEvent[]): Planned {
  const kind = name.includes('*') ? 'pattern' : 'channel';
  const subscription: Planned = new PlannedSubscription<object>({ kind, name }, true);
  const target = { text: name, subscription: subscription.target, matches: () => true };
  subscription.bindings.add({ consumer: {}, target, subscription, siblings: [], isOnly: true });
  for (const event of events) subscription.advance(event);
  return subscription;
}

function cover(root: Planned, ...covered: Planned[]): void {
  root.covered = new Set(covered);
  for (const other of covered) other.root = root;
}

function handOverOf() {
  const served: [string, string | undefined][] = [];
  const handOver = new ServiceHandOver<object>(new ServiceStarts(), ({ target, server }) =>
    served.push([target.name, server?.target.name]),
  );
  return { handOver, served };
}

const LIVE: readonly PhaseEvent[] = ['subscribe', 'confirmed'];

describe('ServiceHandOver', () => {
  it('passes what a wide one covers over to it where it is confirmed, and not before', () => {
    const { handOver, served } = handOverOf();
    const narrow = planned('o:a', ...LIVE);
    const wide = planned('o:*', 'subscribe');
    handOver.confirmed(narrow);
    cover(wide, narrow);
    handOver.begin(narrow);
    expect(narrow.server).toBe(narrow);
    wide.advance('confirmed');
    handOver.confirmed(wide);
    expect(served).toEqual([
      ['o:a', 'o:a'],
      ['o:*', 'o:*'],
      ['o:a', 'o:*'],
    ]);
  });

  it('begins with what is live, and leaves alone what is served', () => {
    const { handOver, served } = handOverOf();
    const [wide, narrow] = [planned('o:*', ...LIVE), planned('o:a')];
    cover(wide, narrow);
    handOver.begin(narrow);
    handOver.begin(narrow);
    expect(served).toEqual([['o:a', 'o:*']]);
  });

  it('keeps a wide one as long as it serves somebody whose own is not live', () => {
    const { handOver } = handOverOf();
    const [wide, narrow] = [planned('o:*', ...LIVE), planned('o:a', 'subscribe')];
    cover(wide, narrow);
    handOver.begin(narrow);
    // Nobody wants the wide one any more.
    narrow.root = narrow;
    wide.covered = undefined;
    expect(handOver.mayLeave(wide)).toBe(false);
    narrow.advance('confirmed');
    expect(handOver.mayLeave(wide)).toBe(true);
  });

  it('keeps one whose interruption is not reported, while somebody wants what it served', () => {
    const { handOver } = handOverOf();
    const [wide, narrow] = [planned('o:*', ...LIVE), planned('o:a')];
    wide.interrupted = new Set([narrow]);
    expect(handOver.mayLeave(wide)).toBe(false);
    for (const binding of narrow.bindings) narrow.bindings.delete(binding);
    expect(handOver.mayLeave(wide)).toBe(true);
  });

  it('lets one that leaves deliver until it is released, and its root take over there', () => {
    const { handOver } = handOverOf();
    const [wide, narrow] = [planned('o:*', ...LIVE), planned('o:a', ...LIVE)];
    cover(wide, narrow);
    handOver.begin(narrow);
    narrow.root = narrow;
    wide.covered = undefined;
    wide.advance('unsubscribe');
    handOver.leave(wide);
    expect([narrow.server, narrow.successor]).toEqual([wide, narrow]);
    wide.advance('released');
    expect(handOver.released(wide)).toEqual([]);
    expect([narrow.server, narrow.successor]).toEqual([narrow, undefined]);
  });

  it('names who was to serve next those whom nobody serves when it is released', () => {
    const { handOver } = handOverOf();
    const [wide, narrow] = [planned('o:*', ...LIVE), planned('o:a', ...LIVE)];
    cover(wide, narrow);
    handOver.begin(narrow);
    for (const lost of [wide, narrow]) lost.advance('released');
    expect(handOver.released(wide)).toEqual([[narrow, wide]]);
    expect(narrow.server).toBeUndefined();
  });

  it('serves again from one that was interrupted whom nobody else serves', () => {
    const { handOver } = handOverOf();
    const [wide, narrow] = [planned('o:*', ...LIVE), planned('o:a', 'subscribe')];
    wide.interrupted = new Set([narrow]);
    handOver.confirmed(wide);
    expect(narrow.server).toBe(wide);
  });
});

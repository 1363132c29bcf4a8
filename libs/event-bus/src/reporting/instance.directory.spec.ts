import { describe, expect, it } from '@jest/globals';
import { bye, hello, report } from '../../../../test/support/report.samples.js';
import { InstanceDirectory } from './instance.directory.js';
import type { ReportMessage } from './report.js';

/** A directory whose clock goes on by hand. */
function directory(maxInstances = 10) {
  let nowMs = 1_000;
  const known = new InstanceDirectory({ now: () => nowMs, maxInstances });
  return {
    known,
    wait: (ms: number) => (nowMs += ms),
    take: (message: ReportMessage) => known.take(JSON.stringify(message)),
    states: () => known.instances().map(({ instance, state }) => `${instance.service} ${state}`),
  };
}

const of = (service: string, id = service) => ({ ...hello().instance, service, id });

describe('InstanceDirectory', () => {
  it('knows an instance from its first message on, with its own state', () => {
    const { take, states } = directory();
    take(hello({ instance: of('orders') }));
    take(report({ instance: of('billing'), state: 'degraded' }));
    expect(states()).toEqual(['billing degraded', 'orders ready']);
  });

  it('calls an instance silent when three hellos in a row are missing, and no earlier', () => {
    const { take, wait, states } = directory();
    take(hello());
    wait(15_000);
    expect(states()).toEqual(['orders ready']);
    wait(1);
    expect(states()).toEqual(['orders silent']);
    take(hello());
    expect(states()).toEqual(['orders ready']);
  });

  it('expects an instance that reports to go on every second', () => {
    const { take, wait, states } = directory();
    take(report());
    wait(3_001);
    expect(states()).toEqual(['orders silent']);
  });

  it('gives a silent instance up after a minute, and forgets it ten minutes later', () => {
    const { take, wait, states } = directory();
    take(report());
    wait(3_001);
    expect(states()).toEqual(['orders silent']);
    wait(60_000);
    expect(states()).toEqual(['orders gone']);
    wait(600_000 - 1);
    expect(states()).toEqual(['orders gone']);
    wait(1);
    expect(states()).toEqual([]);
  });

  it('knows who said bye, since when, and forgets it after ten minutes', () => {
    const { known, take, wait } = directory();
    take(hello());
    take(bye());
    wait(5_000);
    expect(known.instances()).toMatchObject([{ state: 'gone', saidBye: true, heardAgoMs: 5_000 }]);
    wait(595_001);
    expect(known.instances()).toEqual([]);
  });

  it('keeps the last report without what belongs to one moment', () => {
    const { known, take } = directory();
    const full = report({ tail: [{ what: 'published', atMs: 1, tookMs: 1 }] });
    expect(take(full)).toEqual(full);
    take(hello());
    expect(known.instances()).toMatchObject([{ state: 'ready', report: { ...full, tail: [], gaps: [] } }]);
  });

  it('shows two senders with one id as two, and says so', () => {
    const { known, take } = directory();
    take(hello());
    take(report({ instance: { ...hello().instance, pid: 8 }, state: 'degraded' }));
    take(hello({ instance: of('billing') }));
    expect(known.instances().map(({ sharesId, state }) => [sharesId, state])).toEqual([
      [false, 'ready'],
      [true, 'ready'],
      [true, 'degraded'],
    ]);
  });

  it('judges nobody while its own link is down', () => {
    const { known, take, wait, states } = directory();
    take(hello({ instance: of('a') }));
    wait(15_001);
    take(report({ instance: of('b') }));
    known.linkLost();
    wait(3_600_000);
    expect(known.isJudging).toBe(false);
    expect(states()).toEqual(['a silent', 'b ready']);
    expect(known.instances()).toMatchObject([{ heardAgoMs: 15_001 }, { heardAgoMs: 0 }]);
  });

  it('gives everybody time for three hellos once its link is back', () => {
    const { known, take, wait, states } = directory();
    take(hello({ instance: of('a') }));
    wait(15_001);
    take(report({ instance: of('b') }));
    known.linkLost();
    wait(3_600_000);
    known.linkRestored();
    wait(15_000);
    expect(states()).toEqual(['a silent', 'b ready']);
    wait(1);
    expect(states()).toEqual(['a silent', 'b silent']);
  });

  it('counts what it ignores, by reason', () => {
    const { known } = directory();
    known.take('{');
    known.take('7');
    known.take('{"v":2}');
    known.take('{"v":1}');
    known.take(Buffer.alloc(70_000, 32));
    expect(known.instances()).toEqual([]);
    expect(known.ignored).toEqual({
      'not-json': 1,
      'wrong-shape': 2,
      'other-version': 1,
      'too-large': 1,
      'too-many-instances': 0,
    });
  });

  it('knows a bounded number, and forgets those that are not live for those that are', () => {
    const { known, take, wait, states } = directory(2);
    take(hello({ instance: of('a') }));
    take(bye({ instance: of('a') }));
    take(hello({ instance: of('b') }));
    take(hello({ instance: of('c') }));
    expect(states()).toEqual(['b ready', 'c ready']);
    expect(take(hello({ instance: of('d') }))).toBeUndefined();
    expect(known.ignored['too-many-instances']).toBe(1);
    wait(15_001);
    take(hello({ instance: of('c') }));
    take(hello({ instance: of('d') }));
    expect(states()).toEqual(['c ready', 'd ready']);
  });
});

import { jest } from '@jest/globals';
import { DispatchJournal, HeldHandler, eventOf } from '../../../../test/support/dispatch.journal.js';
import { settled } from '../../../../test/support/eventually.js';
import type { HandlerOptions } from './handler.options.js';
import { HandlerQueue } from './handler.queue.js';
import { StuckWatch } from './stuck.watch.js';

function queueOf(options: HandlerOptions) {
  const journal = new DispatchJournal();
  const handler = new HeldHandler(options);
  const services = journal.services();
  const queue = new HandlerQueue(handler, services);
  const push = (channel: string, ...payloads: string[]) => {
    for (const payload of payloads) queue.push(eventOf(channel, payload));
  };
  return { journal, handler, queue, push, watch: services.watch };
}

describe('StuckWatch', () => {
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
  afterEach(() => jest.useRealTimers());

  it.each<[string, HandlerOptions]>([
    ['a plain handler', {}],
    ['a handler with retry', { retry: { attempts: 2 } }],
    ['a handler whose time was over before', { timeoutMs: 10 }],
  ])('warns once of a call of %s that does not end, and says when it has', async (_what, options) => {
    const { journal, handler, push } = queueOf({
      ...options,
      orderBy: 'none',
      concurrency: 1,
      stuckAfterMs: 100,
    });
    push('a', '1', '2', '3');
    await settled();
    jest.advanceTimersByTime(60);
    await settled();
    const before = journal.lines.length;
    jest.advanceTimersByTime(10_000);
    expect(journal.lines.slice(before)).toEqual(['stuck 1, 2 waiting']);
    handler.end('1');
    await settled();
    expect(journal.lines).toContain('unstuck 1');
    expect(handler.started).toEqual(['1', '2']);
  });

  it('says nothing of calls that end in time, however many there are', async () => {
    const { journal, handler, push } = queueOf({ stuckAfterMs: 100 });
    for (let n = 0; n < 20; n += 1) {
      push('a', `${n}`);
      jest.advanceTimersByTime(50);
      handler.end(`${n}`);
      await settled();
    }
    expect(journal.lines.filter((line) => line.includes('stuck'))).toEqual([]);
  });

  it('says nothing where it is switched off (control)', () => {
    const { journal, push } = queueOf({ stuckAfterMs: false });
    push('a', '1');
    jest.advanceTimersByTime(1_000_000);
    expect(journal.lines).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('warns once for all calls that are stuck at once', async () => {
    const { journal, handler, push } = queueOf({ stuckAfterMs: 100 });
    push('a', '1');
    push('b', '2');
    jest.advanceTimersByTime(1_000);
    handler.end('1');
    await settled();
    expect(journal.lines).toEqual(['stuck 1, 0 waiting', 'handled 1']);
    handler.end('2');
    await settled();
    expect(journal.lines.at(-1)).toBe('unstuck 2');
  });

  it('tells how long the oldest call has run', async () => {
    const { handler, queue, push } = queueOf({ stuckAfterMs: 1_000 });
    expect(queue.oldestCallMs).toBeUndefined();
    push('a', '1');
    jest.advanceTimersByTime(100);
    push('b', '2');
    jest.advanceTimersByTime(400);
    expect(queue.oldestCallMs).toBeGreaterThanOrEqual(400);
    handler.end('1');
    await settled();
    expect(queue.oldestCallMs).toBeLessThanOrEqual(400);
    handler.end('2');
    await settled();
    expect(queue.oldestCallMs).toBeUndefined();
  });

  it('has one timer, none once nothing runs, and none after close', async () => {
    const { handler, push, watch } = queueOf({ stuckAfterMs: 100 });
    push('a', '1');
    push('b', '2');
    expect(jest.getTimerCount()).toBe(1);
    handler.end('1');
    handler.end('2');
    await settled();
    jest.advanceTimersByTime(10);
    expect(jest.getTimerCount()).toBe(0);
    push('a', '3');
    expect(jest.getTimerCount()).toBe(1);
    watch.close();
    push('c', '4');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('looks sooner when somebody is stuck sooner', () => {
    const watch = new StuckWatch();
    const looks: string[] = [];
    const watched = (name: string, stuckAfterMs: number) => ({
      stuckAfterMs,
      look: () => {
        looks.push(name);
        return false;
      },
    });
    watch.begun(watched('slow', 30_000));
    watch.begun(watched('fast', 100));
    jest.advanceTimersByTime(10);
    expect(looks).toEqual(['slow', 'fast']);
  });
});

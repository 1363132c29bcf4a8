import { createHook } from 'node:async_hooks';
import { jest } from '@jest/globals';
import { collectionsOf } from '../../../../test/support/collections.js';
import { DispatchJournal, HeldHandler, eventOf } from '../../../../test/support/dispatch.journal.js';
import { settled } from '../../../../test/support/eventually.js';
import type { EventContext } from '../message/event-context.js';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import { parseTarget } from '../routing/handler-target.js';
import type { EventHandler } from './event.handler.js';
import type { HandlerOptions } from './handler.options.js';
import { resolveHandlerSettings } from './handler.options.js';
import { HandlerQueue } from './handler.queue.js';
import { untyped } from '../../../../test/support/untyped.js';

function queueOf(options: HandlerOptions = {}) {
  const journal = new DispatchJournal();
  const handler = new HeldHandler(options);
  const queue = new HandlerQueue(handler, journal.services());
  const push = (channel: string, ...payloads: unknown[]) => {
    for (const payload of payloads) queue.push(eventOf(channel, payload));
  };
  return { journal, handler, queue, push };
}

/** Keys of which something runs or waits. */
const keysIn = (queue: HandlerQueue) =>
  collectionsOf(queue).find(({ path }) => path === 'root.waiting.lanes')?.size;
const sizesOf = ({ runningEvents, waitingEvents }: HandlerQueue) => [runningEvents, waitingEvents];

/** A handler that is done when it returns, and journals nothing but its calls. */
const synchronous = (invoke: (event: EventContext) => void, options: HandlerOptions = {}): EventHandler => ({
  name: 'Sync.handle',
  targets: [],
  settings: resolveHandlerSettings(options),
  invoke,
});

/** How many promises are made while `act` runs. */
function promisesMade(act: () => void): number {
  let count = 0;
  const hook = createHook({ init: (_id, type) => void (count += type === 'PROMISE' ? 1 : 0) }).enable();
  act();
  hook.disable();
  return count;
}

describe('HandlerQueue', () => {
  it('makes one promise for the event of an asynchronous handler, and none for that of a synchronous one', async () => {
    const { journal } = queueOf();
    const over = Promise.resolve();
    const queueWith = (invoke: EventHandler['invoke']) =>
      new HandlerQueue({ name: 'Orders.bill', targets: [], invoke }, journal.services());
    const asynchronousOne = queueWith(() => over);
    const synchronousOne = queueWith(() => undefined);
    const [first, second] = [eventOf('a', 1), eventOf('a', 2)];
    expect(promisesMade(() => asynchronousOne.push(first))).toBe(1);
    expect(promisesMade(() => synchronousOne.push(second))).toBe(0);
    await asynchronousOne.whenIdle();
    expect(journal.lines).toEqual(['handled 2', 'handled 1']);
  });

  it('starts the events of one channel one after the other, in publish order', async () => {
    const { handler, queue, push } = queueOf();
    push('a', '1', '2', '3');
    expect(handler.started).toEqual(['1']);
    expect(sizesOf(queue)).toEqual([1, 2]);

    handler.end('1');
    await settled();
    expect(handler.started).toEqual(['1', '2']);
    handler.end('2');
    await settled();
    handler.end('3');
    await queue.whenIdle();
    expect(handler.started).toEqual(['1', '2', '3']);
    expect(sizesOf(queue)).toEqual([0, 0]);
  });

  it.each<[string, boolean]>([
    ['returns at once', false],
    ['returns a promise', true],
  ])('starts what comes within a call behind it, where the call %s', async (_how, isAsync) => {
    const journal = new DispatchJournal();
    const seen: string[] = [];
    let release!: () => void;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const handler: EventHandler = {
      name: 'Reentrant.handle',
      targets: [],
      invoke: (event) => {
        seen.push(`${event.channel} ${String(event.payload)} begins`);
        if (event.payload === '1' && event.channel === 'a') {
          queue.push(eventOf('a', '2'));
          queue.push(eventOf('b', '1'));
          queue.push(eventOf('a', '3'));
        }
        seen.push(`${event.channel} ${String(event.payload)} returns`);
        return isAsync && event.payload === '1' ? held : undefined;
      },
    };
    const queue = new HandlerQueue(handler, journal.services());
    queue.push(eventOf('a', '1'));
    // The other channel need not wait for what the call has yet to do.
    expect(seen.indexOf('b 1 begins')).toBeGreaterThan(seen.indexOf('a 1 returns'));
    expect(seen.includes('a 2 begins')).toBe(!isAsync);
    release();
    await queue.whenIdle();
    const onA = seen.filter((line) => line.startsWith('a'));
    expect(onA).toEqual(['1', '2', '3'].flatMap((n) => [`a ${n} begins`, `a ${n} returns`]));
    expect([...sizesOf(queue), keysIn(queue)]).toEqual([0, 0, 0]);
  });

  it('runs different channels side by side', () => {
    const { handler, queue, push } = queueOf();
    push('a', 'a1');
    push('b', 'b1');
    expect(handler.started).toEqual(['a1', 'b1']);
    expect(queue.runningEvents).toBe(2);
  });

  it('runs no more at once than concurrency says, and goes on as soon as one ends', async () => {
    const { handler, queue, push } = queueOf({ concurrency: 2 });
    for (const channel of ['a', 'b', 'c', 'd']) push(channel, channel);
    expect(handler.started).toEqual(['a', 'b']);
    expect(sizesOf(queue)).toEqual([2, 2]);
    handler.end('b');
    await settled();
    expect(handler.started).toEqual(['a', 'b', 'c']);
    handler.end('a');
    handler.end('c');
    await settled();
    handler.end('d');
    await queue.whenIdle();
    expect(handler.started).toEqual(['a', 'b', 'c', 'd']);
  });

  it('lets every channel take its turn when one of them has much to do', async () => {
    const { handler, push } = queueOf({ concurrency: 1 });
    push('busy', 'x1', 'x2', 'x3');
    push('quiet', 'q1');
    handler.end('x1');
    await settled();
    handler.end('q1');
    await settled();
    expect(handler.started).toEqual(['x1', 'q1', 'x2']);
  });

  it('orders by what the function returns, whatever the channel', async () => {
    const { handler, queue, push } = queueOf({
      orderBy: (event) => (event.payload as { order: string }).order,
    });
    push('created', { order: 'x', n: 1 }, { order: 'y', n: 2 });
    push('paid', { order: 'x', n: 3 });
    expect(handler.started).toHaveLength(2);
    expect(sizesOf(queue)).toEqual([2, 1]);
    handler.end('{"order":"x","n":1}');
    await settled();
    expect(handler.started).toHaveLength(3);
  });

  it('takes a number for a key as it takes its text', () => {
    const { queue, push } = queueOf({ orderBy: (event) => (event.payload as { id: never }).id });
    push('a', { id: 7 }, { id: '7' }, { id: 8 });
    expect(sizesOf(queue)).toEqual([2, 1]);
  });

  it.each<[string, (event: EventContext) => string, string]>([
    [
      'throws',
      () => {
        throw new Error('no order');
      },
      'no order',
    ],
    [
      'returns undefined',
      (event) => (event.payload as { id: string }).id,
      'orderBy returned undefined. It must return a string',
    ],
    ['returns null', () => untyped(null), 'orderBy returned null. It must return a string'],
    ['is asynchronous', untyped(async () => 'x'), 'orderBy returned object. It must return a string'],
  ])('reports an event as failed, with a dead letter, when orderBy %s', async (_what, orderBy, error) => {
    const { journal, handler, queue, push } = queueOf({ orderBy, deadLetter: 'dead' });
    push('a', '1', '2');
    await queue.whenIdle();
    expect(journal.lines).toEqual([
      `failed 1 ${error}`,
      'letter on dead',
      `failed 2 ${error}`,
      'letter on dead',
    ]);
    expect(journal.letters[0]?.letter).toMatchObject({ attempts: 0, event: { channel: 'a', payload: '1' } });
    expect(handler.started).toEqual([]);
  });

  it('runs all events of an unordered handler side by side, and waits for each', async () => {
    const { journal, handler, queue } = queueOf({ orderBy: 'none' });
    const events = ['1', '2', '3'].map((payload) => eventOf('a', payload));
    for (const event of events) queue.push(event);
    expect(handler.started).toEqual(['1', '2', '3']);
    expect(sizesOf(queue)).toEqual([3, 0]);

    let isIdle = false;
    const idle = queue.whenIdle().then(() => (isIdle = true));
    handler.end('2');
    handler.end('3');
    await settled();
    expect([journal.lines, isIdle, queue.runningEvents]).toEqual([['handled 2', 'handled 3'], false, 1]);
    queue.abandon('over');
    expect(events.map(({ signal }) => signal.aborted)).toEqual([true, false, false]);
    handler.end('1');
    await idle;
    expect(sizesOf(queue)).toEqual([0, 0]);
  });

  it('starts unordered events as they came when there is room again', async () => {
    const { handler, queue, push } = queueOf({ orderBy: 'none', concurrency: 1 });
    push('a', '1', '2', '3');
    for (const payload of ['1', '2', '3']) {
      handler.end(payload);
      await settled();
    }
    await queue.whenIdle();
    expect(handler.started).toEqual(['1', '2', '3']);
  });

  it('goes on after a failure, rejected or thrown', async () => {
    const { journal, handler, queue, push } = queueOf();
    push('a', '1', '2');
    handler.fail('1', 'boom');
    await settled();
    handler.end('2');
    await queue.whenIdle();
    expect(handler.started).toEqual(['1', '2']);
    expect(journal.lines).toEqual(['failed 1 boom', 'handled 2']);

    const thrower = synchronous((event) => {
      if (event.payload === '1') throw new Error('sync');
    });
    const throwing = new HandlerQueue(thrower, journal.services());
    throwing.push(eventOf('a', '1'));
    throwing.push(eventOf('a', '2'));
    expect(journal.lines.slice(2)).toEqual(['failed 1 sync', 'handled 2']);
  });

  it('calls a synchronous handler at once and is idle when it returned', async () => {
    const journal = new DispatchJournal();
    const queue = new HandlerQueue({ name: 'S', targets: [], invoke: () => undefined }, journal.services());
    queue.push(eventOf('a', '1'));
    expect(journal.lines).toEqual(['handled 1']);
    expect(queue.runningEvents).toBe(0);
    await queue.whenIdle();
  });

  it('keeps the order of a handler that is sometimes synchronous', async () => {
    const journal = new DispatchJournal();
    let release = () => undefined as void;
    const queue = new HandlerQueue(
      {
        name: 'M',
        targets: [],
        invoke: (event) =>
          event.payload === '1' ? new Promise<void>((resolve) => (release = resolve)) : undefined,
      },
      journal.services(),
    );
    for (const payload of ['1', '2', '3']) queue.push(eventOf('a', payload));
    expect(journal.lines).toEqual([]);
    release();
    await queue.whenIdle();
    expect(journal.lines).toEqual(['handled 1', 'handled 2', 'handled 3']);
  });

  describe('when the buffer is full', () => {
    it('warns once, before anything is dropped, then drops what has waited longest', async () => {
      const { journal, handler, queue, push } = queueOf({ buffer: { events: 4 } });
      push('a', '1', '2', '3', '4', '5', '6', '7');
      // 1 runs, and the waiting 2 and 3 are half of what the buffer holds; 6 and 7 find no room.
      expect(journal.lines).toEqual(['slowed at 2 events, 6 bytes', 'dropped 2', 'dropped 3']);
      expect([queue.waitingEvents, queue.droppedEvents]).toEqual([4, 2]);
      for (const payload of ['1', '4', '5', '6', '7']) {
        handler.end(payload);
        await settled();
      }
      expect(handler.started).toEqual(['1', '4', '5', '6', '7']);
    });

    it('drops what comes with drop-newest', async () => {
      const { journal, handler, push } = queueOf({ buffer: { events: 2, overflow: 'drop-newest' } });
      push('a', '1', '2', '3', '4', '5');
      expect(journal.lines).toEqual(['slowed at 1 events, 3 bytes', 'dropped 4', 'dropped 5']);
      for (const payload of ['1', '2', '3']) {
        handler.end(payload);
        await settled();
      }
      expect(handler.started).toEqual(['1', '2', '3']);
    });

    it('counts bytes as well, and makes as much room as an event needs', () => {
      const { journal, queue, push } = queueOf({ buffer: { bytes: 30 } });
      const text = (length: number, letter: string) => letter.repeat(length - 2);
      push('a', 'first', text(10, 'b'), text(10, 'c'), text(10, 'd'));
      expect([queue.waitingEvents, queue.waitingBytes]).toEqual([3, 30]);
      push('a', text(11, 'e'));
      expect(journal.lines.slice(1)).toEqual([`dropped ${text(10, 'b')}`, `dropped ${text(10, 'c')}`]);
      expect([queue.waitingEvents, queue.waitingBytes]).toEqual([2, 21]);
    });

    it('drops an event that is larger than the buffer, and nothing for its sake', () => {
      const { journal, queue, push } = queueOf({ buffer: { bytes: 30 } });
      push('a', 'first', 'small', 'x'.repeat(40));
      expect(journal.lines).toEqual(['slowed at 2 events, 49 bytes', `dropped ${'x'.repeat(40)}`]);
      expect([queue.waitingEvents, queue.droppedEvents]).toEqual([1, 1]);
    });

    it('starts an event that is larger than the buffer when it need not wait', () => {
      const { handler, journal, push } = queueOf({ buffer: { bytes: 1 } });
      push('a', 'x'.repeat(40));
      expect(handler.started).toHaveLength(1);
      expect(journal.lines).toEqual([]);
    });

    it('drops what waits in other channels too, where only concurrency holds it back', async () => {
      const { handler, journal, push } = queueOf({ concurrency: 1, buffer: { events: 2 } });
      for (const channel of ['a', 'b', 'c', 'd']) push(channel, channel);
      expect(journal.lines).toEqual(['slowed at 1 events, 3 bytes', 'dropped b']);
      handler.end('a');
      await settled();
      expect(handler.started).toEqual(['a', 'c']);
    });

    it('tells of a gap with the exact count when nothing waits any more, and begins anew', async () => {
      jest.useFakeTimers({ now: 1_000, doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
      try {
        const journal = new DispatchJournal();
        const held = new HeldHandler({ buffer: { events: 2 } });
        const targets = ['orders:*', 'paid'].map((text) => parseTarget(text, new ChannelPrefix('app:')));
        const queue = new HandlerQueue(
          { name: 'Orders.bill', settings: held.settings, targets, invoke: (event) => held.invoke(event) },
          journal.services(),
        );
        for (const payload of ['1', '2', '3', '4', '5', '6']) queue.push(eventOf('a', payload));
        jest.advanceTimersByTime(4_000 - Date.now());
        held.end('1');
        await settled();
        expect(journal.gaps).toEqual([]);
        held.end('5');
        await settled();
        expect(journal.episodes).toEqual([{ fromMs: 1_000, droppedEvents: 3 }]);
        expect(journal.gaps).toEqual([
          {
            reason: 'buffer-overflow',
            targets: ['orders:*', 'paid'],
            fromMs: 1_000,
            toMs: 4_000,
            missed: 3,
            hint: 'Orders.bill fell behind.',
          },
        ]);
        expect(held.started).toEqual(['1', '5', '6']);

        journal.lines.length = 0;
        queue.push(eventOf('a', '7'));
        expect(journal.lines).toEqual(['slowed at 1 events, 3 bytes']);
        held.end('6');
        await settled();
        held.end('7');
        await queue.whenIdle();
        expect(journal.episodes[1]?.droppedEvents).toBe(0);
        expect(journal.gaps).toHaveLength(1);
        expect(queue.droppedEvents).toBe(3);
      } finally {
        jest.useRealTimers();
      }
    });

    it('keeps its bounds while 100,000 events with as many keys find it stuck', () => {
      const journal = new DispatchJournal();
      const { settings } = new HeldHandler({ concurrency: 1, buffer: { events: 100 } });
      let dropped = 0;
      const queue = new HandlerQueue(
        { name: 'S', targets: [], settings, invoke: () => new Promise<void>(() => undefined) },
        { ...journal.services(), reporter: Object.assign(journal, { dropped: () => (dropped += 1) }) },
      );
      for (let index = 0; index < 100_000; index += 1) queue.push(eventOf(`channel:${index}`, index));
      expect(sizesOf(queue)).toEqual([1, 100]);
      expect([queue.droppedEvents, dropped]).toEqual([99_899, 99_899]);
      // A key for each that waits, and one for what runs.
      expect(keysIn(queue)).toBe(101);
    });
  });

  describe('at its end', () => {
    it('aborts what runs and forgets what waits when it is abandoned', async () => {
      const { handler, queue } = queueOf();
      const running = eventOf('a', '1');
      queue.push(running);
      queue.push(eventOf('a', '2'));
      queue.abandon('over');
      expect(running.signal.reason).toBe('over');

      handler.end('1');
      await queue.whenIdle();
      expect(handler.started).toEqual(['1']);
    });

    it('neither has caught up nor tells of a gap when it is abandoned', async () => {
      const { handler, journal, queue, push } = queueOf({ buffer: { events: 1 } });
      push('a', '1', '2', '3');
      queue.abandon('over');
      handler.end('1');
      await queue.whenIdle();
      expect(journal.lines).toEqual(['slowed at 1 events, 3 bytes', 'dropped 2', 'handled 1']);
      expect(journal.gaps).toEqual([]);
    });

    it('is not idle while a call goes on whose time is over', async () => {
      jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
      try {
        const { handler, journal, queue, push } = queueOf({ timeoutMs: 1_000, concurrency: 2 });
        push('a', '1', '2', '3');
        expect(handler.started).toEqual(['1']);
        jest.advanceTimersByTime(1_000);
        await settled();
        // The next one of its channel starts beside it, and that is all that concurrency allows.
        expect(handler.started).toEqual(['1', '2']);
        expect(sizesOf(queue)).toEqual([2, 1]);
        push('b', 'b');
        expect(handler.started).toEqual(['1', '2']);
        handler.end('1');
        await settled();
        expect(handler.started).toEqual(['1', '2', 'b']);
        handler.end('2');
        handler.end('b');
        await settled();
        handler.end('3');
        await queue.whenIdle();
        expect(sizesOf(queue)).toEqual([0, 0]);
        expect(journal.lines.filter((line) => line.startsWith('handled'))).toEqual([
          'handled 2',
          'handled b',
          'handled 3',
        ]);
      } finally {
        jest.useRealTimers();
      }
    });
  });
});

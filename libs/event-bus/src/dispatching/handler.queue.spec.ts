import { EventContext } from '../message/event-context.js';
import { json } from '../message/json.codec.js';
import { ReceivedEvent } from '../message/received.event.js';
import type { DispatchObserver } from './dispatch.observer.js';
import type { EventHandler } from './event.handler.js';
import { EventDispatcher } from './event.dispatcher.js';
import { HandlerQueue } from './handler.queue.js';

class Journal implements DispatchObserver {
  readonly lines: string[] = [];
  handled(_handler: EventHandler, event: EventContext) {
    this.lines.push(`handled ${String(event.payload)}`);
  }
  failed(_handler: EventHandler, event: EventContext, error: unknown) {
    this.lines.push(`failed ${String(event.payload)} ${String(error)}`);
  }
  rejected() {
    this.lines.push('rejected');
  }
}

const eventOf = (channel: string, payload: string) =>
  new EventContext(
    new ReceivedEvent(channel, Buffer.from(JSON.stringify(payload)), json(), 0),
    undefined,
    'b',
  );

/** A handler whose calls end when the test says so. */
function heldHandler() {
  const started: string[] = [];
  const endings = new Map<string, { resolve: () => void; reject: (error: unknown) => void }>();
  const handler: EventHandler = {
    name: 'Held.handle',
    targets: [],
    invoke: (event) => {
      const payload = String(event.payload);
      started.push(payload);
      return new Promise<void>((resolve, reject) => endings.set(payload, { resolve, reject }));
    },
  };
  const end = (payload: string) => endings.get(payload)?.resolve();
  const fail = (payload: string, error: unknown) => endings.get(payload)?.reject(error);
  return { handler, started, end, fail };
}

const turns = () => new Promise((resolve) => setImmediate(resolve));

describe('HandlerQueue', () => {
  it('starts the events of one channel one after the other, in publish order', async () => {
    const { handler, started, end } = heldHandler();
    const queue = new HandlerQueue(handler, new Journal());
    for (const payload of ['1', '2', '3']) queue.push(eventOf('a', payload));
    expect(started).toEqual(['1']);
    expect([queue.runningEvents, queue.waitingEvents]).toEqual([1, 2]);

    end('1');
    await turns();
    expect(started).toEqual(['1', '2']);
    end('2');
    await turns();
    end('3');
    await queue.whenIdle();
    expect(started).toEqual(['1', '2', '3']);
    expect([queue.runningEvents, queue.waitingEvents]).toEqual([0, 0]);
  });

  it('runs different channels side by side', () => {
    const { handler, started } = heldHandler();
    const queue = new HandlerQueue(handler, new Journal());
    queue.push(eventOf('a', 'a1'));
    queue.push(eventOf('b', 'b1'));
    expect(started).toEqual(['a1', 'b1']);
    expect(queue.runningEvents).toBe(2);
  });

  it('runs all events of an unordered handler side by side, and waits for each', async () => {
    const journal = new Journal();
    const { handler, started, end } = heldHandler();
    const queue = new HandlerQueue({ ...handler, isUnordered: true }, journal);
    const events = ['1', '2', '3'].map((payload) => eventOf('a', payload));
    for (const event of events) queue.push(event);
    expect(started).toEqual(['1', '2', '3']);
    expect([queue.runningEvents, queue.waitingEvents]).toEqual([3, 0]);

    let isIdle = false;
    const idle = queue.whenIdle().then(() => (isIdle = true));
    end('2');
    end('3');
    await turns();
    expect([journal.lines, isIdle, queue.runningEvents]).toEqual([['handled 2', 'handled 3'], false, 1]);
    queue.abandon('over');
    expect(events.map(({ signal }) => signal.aborted)).toEqual([true, false, false]);
    end('1');
    await idle;
    expect([queue.runningEvents, queue.waitingEvents]).toEqual([0, 0]);
  });

  it('goes on after a failure, rejected or thrown', async () => {
    const journal = new Journal();
    const { handler, started, fail, end } = heldHandler();
    const queue = new HandlerQueue(handler, journal);
    queue.push(eventOf('a', '1'));
    queue.push(eventOf('a', '2'));
    fail('1', 'boom');
    await turns();
    end('2');
    await queue.whenIdle();
    expect(started).toEqual(['1', '2']);
    expect(journal.lines).toEqual(['failed 1 boom', 'handled 2']);

    const throwing = new HandlerQueue(
      {
        ...handler,
        invoke: (event) => {
          if (event.payload === '1') throw new Error('sync');
        },
      },
      journal,
    );
    throwing.push(eventOf('a', '1'));
    throwing.push(eventOf('a', '2'));
    expect(journal.lines.slice(2)).toEqual(['failed 1 Error: sync', 'handled 2']);
  });

  it('calls a synchronous handler at once and is idle when it returned', async () => {
    const journal = new Journal();
    const queue = new HandlerQueue({ name: 'S', targets: [], invoke: () => undefined }, journal);
    queue.push(eventOf('a', '1'));
    expect(journal.lines).toEqual(['handled 1']);
    expect(queue.runningEvents).toBe(0);
    await queue.whenIdle();
  });

  it('keeps the order of a handler that is sometimes synchronous', async () => {
    const journal = new Journal();
    let release = () => undefined as void;
    const queue = new HandlerQueue(
      {
        name: 'M',
        targets: [],
        invoke: (event) =>
          event.payload === '1' ? new Promise<void>((resolve) => (release = resolve)) : undefined,
      },
      journal,
    );
    for (const payload of ['1', '2', '3']) queue.push(eventOf('a', payload));
    expect(journal.lines).toEqual([]);
    release();
    await queue.whenIdle();
    expect(journal.lines).toEqual(['handled 1', 'handled 2', 'handled 3']);
  });

  it('aborts what runs and forgets what waits when it is abandoned', async () => {
    const { handler, started, end } = heldHandler();
    const queue = new HandlerQueue(handler, new Journal());
    const running = eventOf('a', '1');
    queue.push(running);
    queue.push(eventOf('a', '2'));
    queue.abandon('over');
    expect(running.signal.reason).toBe('over');

    end('1');
    await queue.whenIdle();
    expect(started).toEqual(['1']);
  });
});

describe('EventDispatcher', () => {
  it('is idle when every handler is, and names the work that is left', async () => {
    const slow = heldHandler();
    const dispatcher = new EventDispatcher(new Journal());
    dispatcher.add(slow.handler);
    dispatcher.dispatch(slow.handler, eventOf('a', '1'));
    dispatcher.dispatch(slow.handler, eventOf('a', '2'));
    expect([...dispatcher.snapshot().values()]).toEqual([{ handler: 'Held.handle', running: 1, waiting: 1 }]);

    const idle = dispatcher.whenIdle();
    slow.end('1');
    await turns();
    slow.end('2');
    await idle;
    expect(dispatcher.abandon('over')).toEqual([]);
  });

  it('lets a removed handler finish what it had accepted, and gives it nothing more', async () => {
    const slow = heldHandler();
    const dispatcher = new EventDispatcher(new Journal());
    dispatcher.add(slow.handler);
    dispatcher.dispatch(slow.handler, eventOf('a', '1'));
    dispatcher.dispatch(slow.handler, eventOf('a', '2'));
    dispatcher.remove(slow.handler);
    slow.end('1');
    await turns();
    slow.end('2');
    await dispatcher.whenIdle();
    await turns();
    dispatcher.dispatch(slow.handler, eventOf('a', '3'));
    expect(slow.started).toEqual(['1', '2']);
    expect(dispatcher.snapshot().size).toBe(0);
  });
});

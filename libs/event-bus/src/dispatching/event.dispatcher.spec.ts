import { DispatchJournal, HeldHandler, eventOf } from '../../../../test/support/dispatch.journal.js';
import { settled } from '../../../../test/support/eventually.js';
import { EventDispatcher, NO_WORK } from './event.dispatcher.js';

describe('EventDispatcher', () => {
  it('is idle when every handler is, and names the work that is left', async () => {
    const slow = new HeldHandler();
    const dispatcher = new EventDispatcher(new DispatchJournal().services());
    dispatcher.add(slow);
    dispatcher.queueOf(slow)?.push(eventOf('a', '1'));
    dispatcher.queueOf(slow)?.push(eventOf('a', '2'));
    const done = { handled: 0, failed: 0, repeated: 0, rejected: 0, leftToGroup: 0, dropped: 0 };
    expect([...dispatcher.snapshot().values()]).toEqual([
      { handler: 'Held.handle', running: 1, waiting: 1, waitingBytes: 3, ...done, oldestCallMs: 0 },
    ]);

    const idle = dispatcher.whenIdle();
    slow.end('1');
    await settled();
    slow.end('2');
    await idle;
    expect(dispatcher.abandon('over')).toEqual([]);
  });

  it('forgets what waits and aborts what runs when it is abandoned, and says what that was', async () => {
    const slow = new HeldHandler({ retry: { attempts: 3 } });
    const dispatcher = new EventDispatcher(new DispatchJournal().services());
    dispatcher.add(slow);
    for (const payload of ['1', '2', '3']) dispatcher.queueOf(slow)?.push(eventOf('a', payload));
    await settled();
    expect(dispatcher.abandon('over')).toMatchObject([{ handler: 'Held.handle', running: 1, waiting: 2 }]);
    expect(slow.events[0]?.signal.reason).toBe('over');
    slow.fail('1', 'interrupted');
    await dispatcher.whenIdle();
    expect(slow.started).toEqual(['1']);
  });

  it('lets a removed handler finish what it had accepted, and gives it nothing more', async () => {
    const slow = new HeldHandler();
    const dispatcher = new EventDispatcher(new DispatchJournal().services());
    dispatcher.add(slow);
    dispatcher.queueOf(slow)?.push(eventOf('a', '1'));
    dispatcher.queueOf(slow)?.push(eventOf('a', '2'));
    dispatcher.remove(slow);
    slow.end('1');
    await settled();
    slow.end('2');
    await dispatcher.whenIdle();
    await settled();
    expect(dispatcher.queueOf(slow)).toBeUndefined();
    expect(slow.started).toEqual(['1', '2']);
    expect(dispatcher.snapshot().size).toBe(0);
  });

  it('knows nothing to do for a handler that no event was for, and forgets it at once', async () => {
    const unused = new HeldHandler();
    const dispatcher = new EventDispatcher(new DispatchJournal().services());
    dispatcher.add(unused);
    await dispatcher.whenIdle();
    expect([...dispatcher.snapshot().values()]).toEqual([{ handler: 'Held.handle', ...NO_WORK }]);
    expect(dispatcher.abandon('over')).toEqual([]);
    dispatcher.remove(unused);
    expect(dispatcher.snapshot().size).toBe(0);
    expect(dispatcher.queueOf(unused)).toBeUndefined();
  });

  it('calls what stands in place of a handler now, whether its first event was before the change or after it', async () => {
    const calls: string[] = [];
    let hook = 'first';
    const dispatcher = new EventDispatcher(new DispatchJournal().services(), ({ name }) => {
      const place = `${hook} hook of ${name}`;
      return { invoke: () => void calls.push(place) };
    });
    const [early, late] = [new HeldHandler(), new HeldHandler()];
    for (const handler of [early, late]) dispatcher.add(handler);
    dispatcher.queueOf(early)?.push(eventOf('a', '1'));
    hook = 'second';
    dispatcher.rewrap();
    for (const handler of [early, late]) dispatcher.queueOf(handler)?.push(eventOf('a', '2'));
    expect(calls).toEqual([
      'first hook of Held.handle',
      'second hook of Held.handle',
      'second hook of Held.handle',
    ]);
  });
});

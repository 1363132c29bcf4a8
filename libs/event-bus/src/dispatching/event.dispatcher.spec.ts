import { DispatchJournal, HeldHandler, eventOf } from '../../../../test/support/dispatch.journal.js';
import { settled } from '../../../../test/support/eventually.js';
import { EventDispatcher } from './event.dispatcher.js';

describe('EventDispatcher', () => {
  it('is idle when every handler is, and names the work that is left', async () => {
    const slow = new HeldHandler();
    const dispatcher = new EventDispatcher(new DispatchJournal().services());
    dispatcher.add(slow);
    dispatcher.queueOf(slow)?.push(eventOf('a', '1'));
    dispatcher.queueOf(slow)?.push(eventOf('a', '2'));
    expect([...dispatcher.snapshot().values()]).toEqual([
      { handler: 'Held.handle', running: 1, waiting: 1, waitingBytes: 3, dropped: 0, oldestCallMs: 0 },
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
});

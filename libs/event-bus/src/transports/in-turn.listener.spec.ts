import type { TransportListener } from './event.transport.js';
import { InTurnListener } from './in-turn.listener.js';
import { ListenerRelay } from './listener.relay.js';

const TARGET = { kind: 'channel', name: 'a' } as const;

/** What is told to a listener, and what it does about it. */
function listening(react: (told: string, listener: InTurnListener) => void) {
  const told: string[] = [];
  const failures: unknown[] = [];
  const hear = (what: string) => {
    told.push(`${what} begins`);
    react(what, listener);
    told.push(`${what} ends`);
  };
  const inner: TransportListener = {
    message: ({ channel }) => hear(channel),
    confirmed: () => hear('confirmed'),
    released: () => hear('released'),
    denied: () => hear('denied'),
    resumed: () => hear('resumed'),
    writable: () => hear('writable'),
    state: () => hear('state'),
    warned: () => hear('warned'),
  };
  const listener = new InTurnListener(inner, (error) => failures.push(error));
  return { told, failures, listener };
}

describe('InTurnListener', () => {
  it('hands on what is said within a call behind it, in order', () => {
    const { told, listener } = listening((what, outer) => {
      if (what !== 'first') return;
      outer.message({ through: TARGET, channel: 'second', body: Buffer.alloc(0) });
      outer.released([TARGET]);
      outer.state({ status: 'degraded' });
    });
    listener.message({ through: TARGET, channel: 'first', body: Buffer.alloc(0) });
    expect(told.filter((line) => line.endsWith('begins'))).toEqual([
      'first begins',
      'second begins',
      'released begins',
      'state begins',
    ]);
    expect(told.indexOf('first ends')).toBe(1);
  });

  it('contains what any call throws, tells it, and goes on', () => {
    const { told, failures, listener } = listening((what) => {
      throw new Error(what);
    });
    listener.message({ through: TARGET, channel: 'message', body: Buffer.alloc(0) });
    listener.confirmed([TARGET]);
    listener.released([TARGET]);
    listener.denied([TARGET]);
    listener.resumed({ reason: 'connection-lost', targets: [TARGET], fromMs: 1, toMs: 2 });
    listener.writable();
    listener.state({ status: 'ready' });
    listener.warned({ sentence: 's', fields: {} });
    const calls = ['message', 'confirmed', 'released', 'denied', 'resumed', 'writable', 'state', 'warned'];
    expect(told).toEqual(calls.map((call) => `${call} begins`));
    expect(failures).toEqual(calls.map((call) => new Error(call)));
  });

  it('contains what a call throws that waited for its turn, and goes on with the next', () => {
    const { told, failures, listener } = listening((what, outer) => {
      if (what === 'second') throw new Error(what);
      if (what !== 'first') return;
      for (const channel of ['second', 'third'])
        outer.message({ through: TARGET, channel, body: Buffer.alloc(0) });
    });
    listener.message({ through: TARGET, channel: 'first', body: Buffer.alloc(0) });
    listener.writable();
    expect(failures).toEqual([new Error('second')]);
    expect(told.filter((line) => line.endsWith('ends'))).toEqual([
      'first ends',
      'third ends',
      'writable ends',
    ]);
  });

  it('is made once of one listener', () => {
    const { listener } = listening(() => undefined);
    expect(InTurnListener.of(listener)).toBe(listener);
    const other = new ListenerRelay(listener);
    expect(InTurnListener.of(other)).toBeInstanceOf(InTurnListener);
  });
});

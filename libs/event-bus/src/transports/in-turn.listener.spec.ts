import type { TransportListener } from './event.transport.js';
import { InTurnListener } from './in-turn.listener.js';

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

  it('goes on when a call throws, and tells it', () => {
    const { told, failures, listener } = listening((what) => {
      if (what === 'first' || what === 'confirmed') throw new Error(what);
    });
    listener.message({ through: TARGET, channel: 'first', body: Buffer.alloc(0) });
    listener.confirmed([TARGET]);
    listener.message({ through: TARGET, channel: 'second', body: Buffer.alloc(0) });
    listener.writable();
    expect(failures.map(String)).toEqual(['Error: first', 'Error: confirmed']);
    expect(told.slice(-4)).toEqual(['second begins', 'second ends', 'writable begins', 'writable ends']);
  });
});

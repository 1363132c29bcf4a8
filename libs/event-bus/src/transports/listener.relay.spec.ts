import type { TransportListener } from './event.transport.js';
import { ListenerRelay } from './listener.relay.js';

const TARGET = { kind: 'channel', name: 'a' } as const;
const CALLS = [
  'message',
  'confirmed',
  'released',
  'denied',
  'resumed',
  'writable',
  'state',
  'warned',
] as const;

/** Makes every call of the interface once, in the order of {@link CALLS}. */
function callAll(listener: TransportListener): void {
  listener.message({ through: TARGET, channel: 'a', body: Buffer.alloc(0), node: 'node' });
  listener.confirmed([TARGET]);
  listener.released([TARGET]);
  listener.denied([TARGET], 7);
  listener.resumed({ reason: 'connection-lost', targets: [TARGET], fromMs: 1, toMs: 2 });
  listener.writable();
  listener.state({ status: 'ready' });
  listener.warned({ sentence: 's', fields: {} });
}

/** Notes the arguments of each call. */
function noting() {
  const noted: (readonly [string, ...unknown[]])[] = [];
  const note =
    (name: string) =>
    (...args: unknown[]) =>
      noted.push([name, ...args]);
  const listener: TransportListener = {
    message: note('message'),
    confirmed: note('confirmed'),
    released: note('released'),
    denied: note('denied'),
    resumed: note('resumed'),
    writable: note('writable'),
    state: note('state'),
    warned: note('warned'),
  };
  return { noted, listener };
}

describe('ListenerRelay', () => {
  it('hands on every call with what it was given', () => {
    const [direct, relayed] = [noting(), noting()];
    callAll(direct.listener);
    callAll(new ListenerRelay(relayed.listener));
    expect(relayed.noted).toEqual(direct.noted);
    expect(relayed.noted.map(([name]) => name)).toEqual(CALLS);
  });
});

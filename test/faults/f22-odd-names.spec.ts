import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { msUntil } from './support/hearing.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const NAMES: readonly { readonly what: string; readonly target: string; readonly channel?: Buffer }[] = [
  { what: '__proto__', target: '__proto__' },
  { what: 'constructor', target: 'constructor' },
  { what: 'invalid UTF-8', target: 'bytes:*', channel: Buffer.from([...Buffer.from('bytes:'), 0xff, 0xc3]) },
  { what: 'a newline', target: 'line\nbreak\r\n' },
  { what: 'glob characters', target: String.raw`glob:\*\?\[a]`, channel: Buffer.from('glob:*?[a]') },
  { what: '10 KB', target: 'x'.repeat(10_240) },
];

const stage = new FaultStage();

interface Reached {
  /** How many subscriptions Redis delivers to. */
  readonly receivers: number;
  readonly calls: number;
}

const row: FaultRow<{ before: readonly Reached[]; after: readonly Reached[] }> = {
  stage,
  id: 'F22',
  fault: `odd names: ${NAMES.map(({ what }) => what).join(', ')}; then CLIENT KILL`,
  promise: 'all work, and survive the reconnect',
  async run(contender) {
    const calls = NAMES.map(() => 0);
    await stage.start(contender, {
      handlers: NAMES.map(({ target }, n) => ({
        name: `handle${n}`,
        targets: [target],
        handle: () => void (calls[n] = (calls[n] ?? 0) + 1),
      })),
    });
    const publishAll = async (): Promise<Reached[]> => {
      const reached: Reached[] = [];
      for (const [n, { target, channel }] of NAMES.entries()) {
        calls[n] = 0;
        const receivers = Number(await stage.redis.cli('PUBLISH', channel ?? target, '{}'));
        if (receivers > 0) await msUntil(() => calls[n] !== 0);
        reached.push({ receivers, calls: calls[n] ?? 0 });
      }
      return reached;
    };
    const before = await publishAll();
    await stage.redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    let after: readonly Reached[] = [];
    await msUntil(async () => {
      after = await publishAll();
      return after.every(({ receivers }) => receivers === 1);
    });
    return { before, after };
  },
  check({ before, after }) {
    expect(before).toEqual(NAMES.map(() => ({ receivers: 1, calls: 1 })));
    expect(after).toEqual(before);
  },
  figure: ({ before, after }) => `${handled(before)} of ${NAMES.length} before, ${handled(after)} after`,
};

const handled = (reached: readonly Reached[]) => reached.filter(({ calls }) => calls === 1).length;

describe('F22: odd names', () => {
  it('work, and survive a reconnect', () => expectToHold(row, theBus()));

  it('are forgotten by plain ioredis at the reconnect (control)', () => expectToBite(row, plainIoredis()));
});

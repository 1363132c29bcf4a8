import type { Redis } from 'ioredis';
import { cloudEvents } from 'nestjs-redis-event-bus';
import { named } from './support/contender.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { counted, inMs, sum } from './support/figures.js';
import { msUntil } from './support/hearing.js';
import { LoadListener } from './support/load.listener.js';
import type { LossAccount } from './support/loss.account.js';
import { expectExact, flow, settleAccount } from './support/loss.account.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const BLOCKS = 2;
/** Long enough for what happens between a heartbeat and the block. */
const HEARTBEAT = { intervalMs: 300, timeoutMs: 800 };
const BLOCK_MS = 2 * HEARTBEAT.timeoutMs;
const RATE_PER_SECOND = 500;
/** Those of two heartbeats, in which somebody may come to think that the link is dead. */
const EVENTS_AFTER = (2 * RATE_PER_SECOND * (HEARTBEAT.intervalMs + HEARTBEAT.timeoutMs)) / 1_000;

const stage = new FaultStage();

const row: FaultRow<{ reconnects: number; isWarned: boolean; account: LossAccount }> = {
  stage,
  id: 'F5',
  fault: `a handler blocks the loop for twice the heartbeat timeout, ${BLOCKS} times`,
  promise: 'no reconnect, nothing lost, and a warning',
  async run(contender) {
    const proxy = await stage.proxy();
    const listener = new LoadListener();
    let startBlock: () => void = () => undefined;
    const service = await stage.start(contender, {
      url: proxy.url,
      handlers: [
        ...listener.handlers,
        {
          name: 'block',
          targets: ['block'],
          async handle() {
            await new Promise<void>((resolve) => (startBlock = resolve));
            const startedAtMs = performance.now();
            while (performance.now() - startedAtMs < BLOCK_MS);
          },
        },
      ],
    });
    await stage.subscribed(...listener.targets, 'block');
    const load = await stage.load({ ratePerSecond: RATE_PER_SECOND });
    const admin = await stage.admin();
    await flow(listener);
    const before = await stage.connectionsReceived(admin);
    for (let block = 0; block < BLOCKS; block += 1) {
      await admin.publish('block', '{}');
      await flow(listener);
      // The worst moment: the answer to a heartbeat is there, and nobody can read it until it is late.
      const beats = await heartbeatsAnswered(admin);
      proxy.hold('toClient');
      await msUntil(async () => (await heartbeatsAnswered(admin)) > beats);
      proxy.resume('toClient');
      startBlock();
      await flow(listener, EVENTS_AFTER);
    }
    const reconnects = (await stage.connectionsReceived(admin)) - before;
    const isWarned = service.log.troubles.some((line) => line.includes('event loop was blocked'));
    return { reconnects, isWarned, account: await settleAccount(load, listener, service) };
  },
  check({ reconnects, isWarned, account }) {
    expect(reconnects).toBe(0);
    expect(account.lost).toBe(0);
    expectExact(account);
    expect(isWarned).toBe(true);
  },
  figure: ({ reconnects, account: { lost } }) =>
    `blocked ${BLOCKS} × ${inMs(BLOCK_MS)}: ${counted(reconnects, 'reconnect')}, lost ${lost}`,
};

async function heartbeatsAnswered(admin: Redis): Promise<number> {
  const stats = await admin.info('commandstats');
  return sum(
    [...stats.matchAll(/cmdstat_(?:ping|unsubscribe):calls=(\d+)/g)].map(([, calls]) => Number(calls)),
  );
}

describe('F5: a handler blocks the event loop', () => {
  it('costs no connection, and is warned of', () =>
    expectToHold(row, theBus({ codec: cloudEvents({ source: '/faults' }) }, { heartbeat: HEARTBEAT })));

  it('costs the connection where the heartbeat gives no grace (control)', () =>
    expectToBite(
      row,
      named('plain ioredis with a naive heartbeat', plainIoredis({}, { heartbeatMs: HEARTBEAT.intervalMs })),
    ));
});

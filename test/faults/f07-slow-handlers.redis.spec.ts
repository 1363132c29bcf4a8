import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { cloudEvents } from 'nestjs-redis-event-bus';
import { IS_FULL } from './support/deadlines.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { msUntil } from './support/hearing.js';
import { LoadListener } from './support/load.listener.js';
import type { LossAccount } from './support/loss.account.js';
import { expectExact, settleAccount } from './support/loss.account.js';
import { heldBytes, inMb } from './support/memory.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const SECONDS = IS_FULL ? 30 : 5;
const WORK_MS = 2_000;
const LOAD = { ratePerSecond: 5_000, channelCount: 512 };
/** The defaults of the bus. */
const CONCURRENCY = 256;
const BUFFER_EVENTS = 10_000;
const BUFFER_BYTES = 16 * 1024 * 1024;

const stage = new FaultStage();

interface Outcome {
  readonly mostAtOnce: number;
  readonly mostWaiting: number;
  readonly mostWaitingBytes: number;
  readonly keptBytes: number;
  readonly warnings: number;
  readonly dropped: number | undefined;
  readonly account: LossAccount;
}

const row: FaultRow<Outcome> = {
  stage,
  id: 'F7',
  fault: `handlers that take ${WORK_MS / 1_000} s, at ${LOAD.ratePerSecond.toLocaleString('en')} events/s for ${SECONDS} s`,
  promise: 'what runs and what waits is bounded, one warning per episode, drops are counted',
  async run(contender) {
    const listener = new LoadListener(LOAD.channelCount);
    const hurry = new AbortController();
    setMaxListeners(0, hurry.signal);
    let [running, mostAtOnce, mostWaiting, mostWaitingBytes] = [0, 0, 0, 0];
    const service = await stage.start(contender, {
      handlers: [
        {
          name: 'work',
          targets: ['load:*'],
          async handle(payload) {
            listener.hear(payload);
            running += 1;
            mostAtOnce = Math.max(mostAtOnce, running);
            await delay(WORK_MS, undefined, { signal: hurry.signal }).catch(() => undefined);
            running -= 1;
          },
        },
      ],
    });
    await msUntil(async () => (await stage.redis.cli('PUBSUB', 'NUMPAT')) === 1);
    const before = heldBytes();
    const load = await stage.load(LOAD);
    const samples = setInterval(() => {
      const work = service.bus?.inspector.snapshot().handlers[0];
      mostWaiting = Math.max(mostWaiting, work?.waiting ?? 0);
      mostWaitingBytes = Math.max(mostWaitingBytes, work?.waitingBytes ?? 0);
    }, 50);
    stage.closeLater(() => clearInterval(samples));
    await delay(SECONDS * 1_000);
    const keptBytes = heldBytes() - before;
    hurry.abort();
    clearInterval(samples);
    const account = await settleAccount(load, listener, service);
    return {
      mostAtOnce,
      mostWaiting,
      mostWaitingBytes,
      keptBytes,
      warnings: service.log.troubles.filter((line) => line.startsWith('Handler is falling behind')).length,
      dropped: service.bus?.inspector.snapshot().counters.dropped,
      account,
    };
  },
  check({ mostAtOnce, mostWaiting, mostWaitingBytes, warnings, dropped, account }) {
    expect(mostAtOnce).toBeLessThanOrEqual(CONCURRENCY);
    expect(mostWaiting).toBeLessThanOrEqual(BUFFER_EVENTS);
    expect(mostWaitingBytes).toBeLessThanOrEqual(BUFFER_BYTES);
    expect(warnings).toBe(1);
    expect(account.lost).toBeGreaterThan(0);
    expect(dropped).toBe(account.lost);
    expectExact(account);
  },
  figure: ({ mostAtOnce, mostWaiting, keptBytes, account: { lost, reported } }) =>
    `${mostAtOnce} at once, ${mostWaiting} waiting, ${inMb(keptBytes)} in memory, reported ${reported} of ${lost} dropped`,
};

describe('F7: handlers are slow', () => {
  it('are bounded, warned of once, and what is dropped is counted', () =>
    expectToHold(row, theBus({ codec: cloudEvents({ source: '/faults' }) })));

  it('are not bounded with plain ioredis (control)', () => expectToBite(row, plainIoredis()));
});

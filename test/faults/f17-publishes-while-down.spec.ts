import { eventually, settled } from '../support/eventually.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { heldBytes, inMb } from './support/memory.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const PUBLISHES = 100_000;
/** A tenth of what was published. */
const KEPT_MAX_BYTES = 10_000_000;

const stage = new FaultStage();

const row: FaultRow<{ settledCount: number; keptBytes: number }> = {
  stage,
  id: 'F17',
  fault: `${PUBLISHES.toLocaleString('en')} publishes of 1 KB while Redis is down`,
  promise: 'all are rejected, and memory is bounded',
  async run(contender) {
    const service = await stage.start(contender);
    await stage.redis.kill();
    await eventually(() => expect(service.isReady()).toBe(false));
    const before = heldBytes();
    let settledCount = 0;
    const count = () => (settledCount += 1);
    for (let n = 0; n < PUBLISHES; n += 1) {
      service.publish('orders', String(n).padEnd(1_000, '.')).then(count, count);
      // As in an application, which does other things as well.
      if (n % 1_000 === 0) await settled();
    }
    await settled();
    return { settledCount, keptBytes: heldBytes() - before };
  },
  check({ settledCount, keptBytes }) {
    expect(settledCount).toBe(PUBLISHES);
    expect(keptBytes).toBeLessThan(KEPT_MAX_BYTES);
  },
  figure: ({ settledCount, keptBytes }) =>
    `${settledCount.toLocaleString('en')} rejected, ${inMb(keptBytes)} kept in memory`,
};

describe('F17: many publishes while Redis is down', () => {
  it('are all rejected, and kept nowhere', () => expectToHold(row, theBus()));

  it('are all kept by plain ioredis (control)', () => expectToBite(row, plainIoredis()));
});

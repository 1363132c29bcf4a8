import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { msUntil } from './support/hearing.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const BOOTS = 50;
const EVENTS = 100;
const FENCE = -1;

const stage = new FaultStage();

const row: FaultRow<{ lost: number; lossyBoots: number }> = {
  stage,
  id: 'F18',
  fault: `${EVENTS} events right after start, ${BOOTS} boots`,
  promise: 'nothing is lost after the start has resolved',
  async run(contender) {
    const publisher = await stage.admin();
    const losses: number[] = [];
    for (let boot = 0; boot < BOOTS; boot += 1) {
      const heard = new Set<unknown>();
      const service = await stage.start(contender, {
        handlers: [{ name: 'handle', targets: ['orders'], handle: (payload) => heard.add(payload) }],
      });
      await Promise.all(Array.from({ length: EVENTS }, (_, n) => publisher.publish('orders', String(n))));
      await msUntil(async () => {
        await publisher.publish('orders', String(FENCE));
        return heard.has(FENCE);
      });
      losses.push(EVENTS - heard.size + 1);
      await service.close();
    }
    return {
      lost: losses.reduce((sum, lost) => sum + lost, 0),
      lossyBoots: losses.filter((lost) => lost > 0).length,
    };
  },
  check({ lost }) {
    expect(lost).toBe(0);
  },
  figure: ({ lost, lossyBoots }) => `lost ${lost} of ${BOOTS * EVENTS}, in ${lossyBoots} of ${BOOTS} boots`,
};

describe('F18: events right after the start', () => {
  it('all arrive', () => expectToHold(row, theBus()));

  it('are lost with plain ioredis when nobody awaits the confirmation (control)', () =>
    expectToBite(row, plainIoredis({}, { awaitsSubscribe: false })));
});

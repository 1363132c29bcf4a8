import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { since } from './support/figures.js';
import { msUntil, msUntilHeard } from './support/hearing.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const WHY = 'max number of clients';

const stage = new FaultStage();

const row: FaultRow<{ isTold: boolean; wasReady: boolean; recoveredMs: number | undefined }> = {
  stage,
  id: 'F12',
  fault: 'maxclients reached',
  promise: 'state and reason are visible, and it recovers when there is room',
  async run(contender) {
    const heard: unknown[] = [];
    const admin = await stage.admin();
    const service = await stage.start(contender, {
      handlers: [{ name: 'handle', targets: ['orders'], handle: (payload) => heard.push(payload) }],
    });
    // Who is there stays; who comes is turned away.
    await admin.config('SET', 'maxclients', 1);
    await admin.call('CLIENT', 'KILL', 'SKIPME', 'yes');
    const isTold = (await msUntil(() => service.report().includes(WHY))) !== undefined;
    const wasReady = service.isReady();
    await admin.config('SET', 'maxclients', 100);
    const recoveredMs = await msUntilHeard(() => admin.publish('orders', '{}'), heard);
    return { isTold, wasReady, recoveredMs };
  },
  check({ isTold, wasReady, recoveredMs }) {
    expect(wasReady).toBe(false);
    expect(isTold).toBe(true);
    expect(recoveredMs).toBeDefined();
  },
  figure: ({ isTold, recoveredMs }) =>
    `the reason is ${isTold ? 'told' : 'not told'}, ${since('back', recoveredMs, 'there is room')}`,
};

describe('F12: Redis takes no more clients', () => {
  it('is told, and is over when there is room', () => expectToHold(row, theBus()));

  it('is not told by plain ioredis (control)', () => expectToBite(row, plainIoredis()));
});

import type { Gap } from 'nestjs-redis-event-bus';
import { cloudEvents } from 'nestjs-redis-event-bus';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { msUntil } from './support/hearing.js';
import { LoadListener } from './support/load.listener.js';
import type { LossAccount } from './support/loss.account.js';
import { expectExact, flow, settleAccount } from './support/loss.account.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const LIMIT = 'pubsub 1mb 0 0';
const BLOCK_MS = 2_500;
/** So much that the buffers of the two kernels between them are full long before the loop goes on. */
const LOAD = { ratePerSecond: 5_000, payloadBytes: 4_000 };

const stage = new FaultStage();

const row: FaultRow<{ account: LossAccount; gaps: readonly Gap[]; isBack: boolean }> = {
  stage,
  id: 'F6',
  fault: `output buffer overrun: limit 1 MB, loop blocked for ${BLOCK_MS / 1_000} s`,
  promise: 'a gap `connection-lost` whose hint names the output-buffer limit, with the exact number',
  async run(contender) {
    await stage.redis.cli('CONFIG', 'SET', 'client-output-buffer-limit', LIMIT);
    const listener = new LoadListener();
    let isBlockOver = false;
    const service = await stage.start(contender, {
      handlers: [
        ...listener.handlers,
        {
          name: 'block',
          targets: ['block'],
          handle() {
            const startedAtMs = performance.now();
            while (performance.now() - startedAtMs < BLOCK_MS);
            isBlockOver = true;
          },
        },
      ],
    });
    await stage.subscribed(...listener.targets, 'block');
    const load = await stage.load(LOAD);
    await flow(listener);
    await stage.redis.cli('PUBLISH', 'block', '{}');
    await msUntil(() => isBlockOver);
    await stage.subscribed(...listener.targets);
    const isBack = (await flow(listener)) !== undefined;
    const account = await settleAccount(load, listener, service);
    return { account, gaps: service.gaps, isBack };
  },
  check({ account, gaps, isBack }) {
    expect(isBack).toBe(true);
    // Else nothing has happened.
    expect(account.lost).toBeGreaterThan(0);
    expectExact(account);
    expect(gaps).toEqual([
      expect.objectContaining({
        reason: 'connection-lost',
        hint: expect.stringContaining('client-output-buffer-limit'),
      }),
    ]);
  },
  figure: ({ account: { lost, reported }, gaps }) =>
    `reported ${reported} of ${lost} lost, ${gaps.some(({ hint }) => hint !== undefined) ? 'with the reason' : 'without a reason'}`,
};

describe('F6: the output buffer overruns', () => {
  it('is told of with its reason and its loss', () =>
    expectToHold(row, theBus({ codec: cloudEvents({ source: '/faults' }) })));

  it('is not told of by plain ioredis (control)', () => expectToBite(row, plainIoredis()));
});

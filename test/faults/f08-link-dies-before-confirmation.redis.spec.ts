import { eventually } from '../support/eventually.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { since } from './support/figures.js';
import { msUntilHeard } from './support/hearing.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { RefusedAttempts } from './support/refused.attempts.js';
import { Saboteur } from './support/saboteur.js';
import { theBus } from './support/the.bus.js';

/** More than ioredis takes before it drops what it had wanted to send again. */
const REFUSALS = 21;
/** The bus takes its time between attempts. */
const TIMEOUT_MS = 90_000;

const stage = new FaultStage();

const row: FaultRow<{ recoveredMs: number | undefined; readyMeanwhile: number; isReady: boolean }> = {
  stage,
  id: 'F8',
  fault: `link dies before the SUBSCRIBE confirmation, then is refused ${REFUSALS} times`,
  promise: 'recovers by itself when the port opens',
  async run(contender) {
    const saboteur = await Saboteur.start(stage.redis.port);
    stage.closeLater(() => saboteur.stop());
    const heard: unknown[] = [];
    const service = await stage.start(contender, {
      url: saboteur.url,
      handlers: [{ name: 'handle', targets: ['orders'], handle: (payload) => heard.push(payload) }],
    });
    let readyMeanwhile = 0;
    const refused = new RefusedAttempts(saboteur.port, () => {
      if (service.isReady()) readyMeanwhile += 1;
    });
    stage.closeLater(() => refused.stop());
    saboteur.arm();
    await stage.redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await eventually(() => expect(refused.count).toBeGreaterThanOrEqual(REFUSALS), { timeoutMs: TIMEOUT_MS });
    await saboteur.open();
    const recoveredMs = await msUntilHeard(() => stage.redis.cli('PUBLISH', 'orders', '{}'), heard);
    return { recoveredMs, readyMeanwhile, isReady: service.isReady() };
  },
  check({ recoveredMs, readyMeanwhile }) {
    expect(recoveredMs).toBeDefined();
    expect(readyMeanwhile).toBe(0);
  },
  figure: ({ recoveredMs, isReady }) =>
    recoveredMs === undefined
      ? `deaf${isReady ? ' and says it is ready' : ''}`
      : since('back', recoveredMs, 'the port is open'),
};

describe('F8: the link dies before the confirmation of a subscription, and is refused', () => {
  it('is replaced with what was asked for', () => expectToHold(row, theBus()), TIMEOUT_MS);

  // Only faster than its default, which takes more than a minute for as many attempts.
  it(
    'leaves plain ioredis ready and deaf (control)',
    () => expectToBite(row, plainIoredis({ retryStrategy: () => 20 })),
    TIMEOUT_MS,
  );
});

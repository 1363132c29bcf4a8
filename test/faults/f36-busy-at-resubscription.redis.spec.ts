import { Redis } from 'ioredis';
import { D_LIMIT_MS } from './support/deadlines.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { since } from './support/figures.js';
import { msUntil, msUntilHeard } from './support/hearing.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const stage = new FaultStage(['--lua-time-limit', '20']);
/** INFO, which is refused as well, would keep the link from being ready. */
const WITHOUT_CHECK = { enableReadyCheck: false };

const row: FaultRow<{ recoveredMs: number | undefined; isReady: boolean }> = {
  stage,
  id: 'F36',
  fault: 'the link is cut while a script runs: -BUSY to SUBSCRIBE',
  promise: 'nothing is taken for denied: subscribed again within D from the end of the script',
  async run(contender) {
    const proxy = await stage.proxy();
    const [script, admin] = [new Redis(stage.redis.url), new Redis(stage.redis.url)];
    stage.closeLater(() => [script, admin].forEach((client) => client.disconnect()));
    await Promise.all([script.ping(), admin.ping()]);
    const heard: unknown[] = [];
    const handler = { name: 'listen', targets: ['orders'], handle: (event: unknown) => heard.push(event) };
    const service = await stage.start(contender, { url: proxy.url, handlers: [handler] });
    await stage.subscribed('orders');
    const killed = script.eval('while true do end', 0).catch(() => undefined);
    await msUntil(() =>
      admin.ping().then(
        () => false,
        () => true,
      ),
    );
    proxy.cut();
    await msUntil(() => service.report().includes('BUSY'), D_LIMIT_MS);
    await admin.call('SCRIPT', 'KILL');
    await killed;
    const recoveredMs = await msUntilHeard(() => stage.redis.cli('PUBLISH', 'orders', '{}'), heard);
    return { recoveredMs, isReady: service.isReady() };
  },
  check({ recoveredMs }) {
    expect(recoveredMs).toBeLessThan(D_LIMIT_MS);
  },
  figure: ({ recoveredMs, isReady }) =>
    recoveredMs === undefined
      ? `deaf${isReady ? ' and says it is ready' : ''}`
      : since('hears again', recoveredMs, 'the script has ended'),
};

describe('F36: the server is busy when a subscription is asked for again', () => {
  it('is asked again soon', () => expectToHold(row, theBus({}, WITHOUT_CHECK)));

  it('leaves plain ioredis deaf (control)', () => expectToBite(row, plainIoredis(WITHOUT_CHECK)));
});

import { setTimeout as delay } from 'node:timers/promises';
import { cloudEvents } from 'nestjs-redis-event-bus';
import { D_LIMIT_MS } from './support/deadlines.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { since } from './support/figures.js';
import { msUntil, msUntilUnready } from './support/hearing.js';
import { LoadListener } from './support/load.listener.js';
import type { LossAccount } from './support/loss.account.js';
import { expectExact, flow, settleAccount } from './support/loss.account.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';
import { TruthWatch } from './support/truth.watch.js';

const STOPPED_MS = 6_000;

const stage = new FaultStage();

interface Outcome {
  readonly noticedMs: number | undefined;
  readonly recoveredMs: number | undefined;
  readonly deafAndReadyMs: number;
  readonly account: LossAccount;
}

const row: FaultRow<Outcome> = {
  stage,
  id: 'F3',
  fault: `server stopped for ${STOPPED_MS / 1_000} s`,
  promise: 'the status leaves `ready` within D, it recovers by itself, and counts are exact',
  async run(contender) {
    const listener = new LoadListener();
    const service = await stage.start(contender, { handlers: listener.handlers });
    await stage.subscribed(...listener.targets);
    const load = await stage.load({ ratePerSecond: 1_000 });
    await flow(listener);
    const truth = new TruthWatch(service.isReady, () => listener.handled);
    stage.closeLater(() => truth.stop());

    await stage.redis.kill('SIGSTOP');
    const awake = delay(STOPPED_MS).then(() => stage.redis.kill('SIGCONT'));
    const noticedMs = await msUntilUnready(service, STOPPED_MS);
    await awake;
    const recoveredMs = await msUntil(() => service.isReady());
    await stage.subscribed(...listener.targets);
    await flow(listener);
    truth.stop();
    const account = await settleAccount(load, listener, service);
    return { noticedMs, recoveredMs, deafAndReadyMs: truth.longestMs, account };
  },
  check({ noticedMs, recoveredMs, deafAndReadyMs, account }) {
    expect(noticedMs).toBeLessThan(D_LIMIT_MS);
    expect(deafAndReadyMs).toBeLessThan(D_LIMIT_MS);
    expect(recoveredMs).toBeDefined();
    expectExact(account);
  },
  figure: ({ noticedMs, recoveredMs, account: { lost, reported } }) =>
    `${since('noticed', noticedMs, 'it stops')}, ${since('back', recoveredMs, 'it goes on')}, reported ${reported} of ${lost} lost`,
};

describe('F3: the server stops', () => {
  it('is noticed, recovered from and counted', () =>
    expectToHold(row, theBus({ codec: cloudEvents({ source: '/faults' }) })));

  it('is not noticed by plain ioredis (control)', () => expectToBite(row, plainIoredis()));
});

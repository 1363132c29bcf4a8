import { cloudEvents } from 'nestjs-redis-event-bus';
import { D_LIMIT_MS } from './support/deadlines.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { inMs } from './support/figures.js';
import { msUntilUnready } from './support/hearing.js';
import { LoadListener } from './support/load.listener.js';
import type { LossAccount } from './support/loss.account.js';
import { expectExact, flow, settleAccount } from './support/loss.account.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';
import { TruthWatch } from './support/truth.watch.js';

const stage = new FaultStage();

interface Outcome {
  readonly noticedMs: number | undefined;
  readonly heardMs: number | undefined;
  readonly deafAndReadyMs: number;
  readonly account: LossAccount;
}

const row: FaultRow<Outcome> = {
  stage,
  id: 'F4',
  fault: 'half-open link: no bytes and no end',
  promise: 'noticed and replaced within D, and counts are exact',
  async run(contender) {
    const proxy = await stage.proxy();
    const listener = new LoadListener();
    const service = await stage.start(contender, { url: proxy.url, handlers: listener.handlers });
    await stage.subscribed(...listener.targets);
    const load = await stage.load({ ratePerSecond: 1_000 });
    await flow(listener);
    const truth = new TruthWatch(service.isReady, () => listener.handled);
    stage.closeLater(() => truth.stop());

    proxy.strand();
    const startedAtMs = performance.now();
    const noticedMs = await msUntilUnready(service, D_LIMIT_MS);
    const heard = await flow(listener);
    const heardMs = heard === undefined ? undefined : performance.now() - startedAtMs;
    truth.stop();
    const account = await settleAccount(load, listener, service);
    return { noticedMs, heardMs, deafAndReadyMs: truth.longestMs, account };
  },
  check({ noticedMs, heardMs, deafAndReadyMs, account }) {
    expect(noticedMs).toBeLessThan(D_LIMIT_MS);
    expect(deafAndReadyMs).toBeLessThan(D_LIMIT_MS);
    expect(heardMs).toBeLessThan(D_LIMIT_MS);
    expectExact(account);
  },
  figure: ({ noticedMs, heardMs, account: { lost, reported } }) =>
    heardMs === undefined
      ? 'deaf, and says it is ready'
      : `noticed after ${inMs(noticedMs ?? 0)}, back after ${inMs(heardMs)}, reported ${reported} of ${lost} lost`,
};

describe('F4: the link is half open', () => {
  it('is replaced, and what was lost is counted', () =>
    expectToHold(row, theBus({ codec: cloudEvents({ source: '/faults' }) })));

  it('leaves plain ioredis deaf (control)', () => expectToBite(row, plainIoredis()));
});

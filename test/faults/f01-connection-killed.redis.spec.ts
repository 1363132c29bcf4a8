import type { Gap } from 'nestjs-redis-event-bus';
import { cloudEvents } from 'nestjs-redis-event-bus';
import { D_LIMIT_MS } from './support/deadlines.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { spread } from './support/figures.js';
import { msUntil } from './support/hearing.js';
import { LoadListener } from './support/load.listener.js';
import type { LossAccount } from './support/loss.account.js';
import { expectExact, flow, settleAccount } from './support/loss.account.js';
import { nestTransport } from './support/nest.transport.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';
import { TruthWatch } from './support/truth.watch.js';

const KILLS = 7;
const RATE_PER_SECOND = 5_000;

const stage = new FaultStage();

interface Outcome {
  /** What each kill cost, those after which somebody heard again. */
  readonly windows: readonly { readonly lost: number; readonly silenceMs: number }[];
  readonly account: LossAccount;
  readonly gaps: readonly Gap[];
  readonly deafAndReadyMs: number;
}

const row: FaultRow<Outcome> = {
  stage,
  id: 'F1',
  fault: `connection killed ${KILLS} times under ${RATE_PER_SECOND.toLocaleString('en')} events/s`,
  promise:
    'everything but the window arrives once, and each window is told of as a gap with the exact number',
  async run(contender) {
    const listener = new LoadListener();
    const service = await stage.start(contender, { handlers: listener.handlers });
    await stage.subscribed(...listener.targets);
    const load = await stage.load({ ratePerSecond: RATE_PER_SECOND });
    await flow(listener);
    const truth = new TruthWatch(service.isReady, () => listener.handled);
    stage.closeLater(() => truth.stop());

    const windows: { lost: number; silenceMs: number }[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      listener.restartSilence();
      const lostBefore = listener.lost;
      await stage.redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
      const isBack = await msUntil(async () => !(await stage.subscriberCounts(listener.targets)).includes(0));
      if (isBack === undefined) break;
      await flow(listener);
      windows.push({ lost: listener.lost - lostBefore, silenceMs: listener.longestSilenceMs });
    }
    truth.stop();
    const account = await settleAccount(load, listener, service);
    return { windows, account, gaps: service.gaps, deafAndReadyMs: truth.longestMs };
  },
  check({ windows, account, gaps, deafAndReadyMs }) {
    expect(windows).toHaveLength(KILLS);
    expect(deafAndReadyMs).toBeLessThan(D_LIMIT_MS);
    expect(gaps.map(({ reason }) => reason)).toEqual(windows.map(() => 'connection-lost'));
    expect(gaps.filter(({ fromMs, toMs }) => fromMs > toMs)).toEqual([]);
    expectExact(account);
  },
  figure({ windows, account: { sent, lost, reported } }) {
    if (windows.length === 0) return `deaf after the first, lost ${lost} of ${sent}`;
    const [losses, silences] = [
      windows.map((window) => window.lost),
      windows.map((window) => window.silenceMs),
    ];
    return `lost ${spread(losses)}, silent for ${spread(silences)} ms, reported ${reported} of ${lost}`;
  },
};

describe('F1: the connection is killed under load', () => {
  it('loses what is published meanwhile, and tells exactly how much', () =>
    expectToHold(row, theBus({ codec: cloudEvents({ source: '/faults' }) })));

  it('loses more with plain ioredis, which tells nobody (control)', () => expectToBite(row, plainIoredis()));

  it("is the end for Nest's transport (control)", () => expectToBite(row, nestTransport()));
});

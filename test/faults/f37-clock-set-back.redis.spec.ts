import { jest } from '@jest/globals';
import type { Gap } from 'nestjs-redis-event-bus';
import type { Contender } from './support/contender.js';
import { named } from './support/contender.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { counted } from './support/figures.js';
import { msUntil, msUntilHeard } from './support/hearing.js';
import { theBus } from './support/the.bus.js';

const SET_BACK_MS = 3_600_000;

const stage = new FaultStage();
/** What the clocks say when nobody has set them. */
const [wallClock, stopwatch] = [Date.now, performance.now.bind(performance)];
/** So much is added to what the wall clock says. */
let setByMs = 0;
beforeEach(() => {
  setByMs = 0;
  const now = jest.spyOn(Date, 'now').mockImplementation(() => wallClock() + setByMs);
  stage.closeLater(() => now.mockRestore());
});

interface Outcome {
  readonly gaps: readonly Gap[];
  /** From before the loss until after the set-back, by a clock that nobody sets. */
  readonly lossMs: number;
  readonly endedAtMs: number;
}

const row: FaultRow<Outcome> = {
  stage,
  id: 'F37',
  fault: 'the clock is set back by an hour during a loss',
  promise: 'the gap is as long as the loss, and has ended by what the clock says now',
  async run(contender) {
    const proxy = await stage.proxy();
    const heard: unknown[] = [];
    const handler = { name: 'listen', targets: ['orders'], handle: (event: unknown) => heard.push(event) };
    const service = await stage.start(contender, { url: proxy.url, handlers: [handler] });
    await stage.subscribed('orders');
    await proxy.refuse();
    const lostAtMs = stopwatch();
    proxy.cut();
    await msUntil(() => !service.isReady());
    setByMs = -SET_BACK_MS;
    const lossMs = stopwatch() - lostAtMs;
    await proxy.accept();
    await msUntilHeard(() => stage.redis.cli('PUBLISH', 'orders', '{}'), heard);
    await msUntil(() => service.gaps.length > 0);
    return { gaps: service.gaps, lossMs, endedAtMs: Date.now() };
  },
  check({ gaps, lossMs, endedAtMs }) {
    expect(gaps).toHaveLength(1);
    const [{ fromMs, toMs }] = gaps as [Gap];
    // Whole milliseconds, rounded twice.
    expect(toMs - fromMs).toBeGreaterThanOrEqual(Math.floor(lossMs) - 2);
    expect(toMs - fromMs).toBeLessThan(SET_BACK_MS);
    expect(toMs).toBeLessThanOrEqual(endedAtMs);
    expect(toMs).toBeGreaterThan(endedAtMs - SET_BACK_MS);
  },
  figure: ({ gaps, lossMs }) =>
    `${counted(gaps.length, 'gap')} of ${gaps.map(({ fromMs, toMs }) => toMs - fromMs).join(', ')} ms for a loss of ${Math.round(lossMs)} ms`,
};

/** Measures by the wall clock. */
function theBusByTheWallClock(): Contender {
  const now = jest.spyOn(performance, 'now').mockImplementation(() => Date.now());
  stage.closeLater(() => now.mockRestore());
  return named('the bus, by the wall clock', theBus());
}

describe('F37: the clock is set back during a loss', () => {
  it('takes nothing from the gap', () => expectToHold(row, theBus()));

  it('would leave a gap without a length (control)', () => expectToBite(row, theBusByTheWallClock()));
});

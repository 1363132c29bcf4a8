import { SeededRandom } from '../e2e/support/seeded.random.js';
import { D_LIMIT_MS } from '../faults/support/deadlines.js';
import type { FaultRow } from '../faults/support/fault.row.js';
import { expectToBite, expectToHold } from '../faults/support/fault.row.js';
import { FaultStage } from '../faults/support/fault.stage.js';
import { plainIoredis } from '../faults/support/plain.ioredis.js';
import { theBus } from '../faults/support/the.bus.js';
import { CONTROL_PLAN, planFaults } from './support/soak-plan.js';
import type { PlannedFault } from './support/soak-plan.js';
import { describeSoak } from './support/soak-report.js';
import { soakSettings } from './support/soak-settings.js';
import type { SoakOutcome } from './support/soak.run.js';
import { CODEC, runSoak } from './support/soak.run.js';

const { minutes, seed } = soakSettings();
const LASTING_MS = minutes * 60_000;
/** To start, to mend and to settle. */
const AROUND_MS = 60_000;

const stage = new FaultStage();

const soak = (name: string, plan: readonly PlannedFault[]): FaultRow<SoakOutcome> => ({
  stage,
  id: 'F30',
  fault: 'a random fault every 2 s',
  promise: 'all of it holds all the time',
  run: (contender) => runSoak(stage, contender, plan),
  check({
    account,
    reported,
    counted,
    wrongs,
    surprises,
    deafAndReadyMs,
    reconnects,
    isMended,
    grown,
    snapshot,
  }) {
    expect(wrongs).toEqual([]);
    expect(surprises).toEqual([]);
    expect(account.handledUnsent).toEqual([]);
    expect(account.untold).toEqual([]);
    expect({ reported, counted }).toEqual({ reported: account.lost, counted: account.lost });
    expect(deafAndReadyMs).toBeLessThan(D_LIMIT_MS);
    expect(isMended).toBe(true);
    expect(new Set(snapshot?.subscriptions.map(({ state }) => state))).toEqual(new Set(['active']));
    for (const handler of snapshot?.handlers ?? [])
      expect(handler).toMatchObject({ running: 0, waiting: 0, waitingBytes: 0, dropped: 0 });
    expect(grown).toEqual([]);
    // The faults were some.
    expect(reconnects).toBeGreaterThan(0);
    expect(account.acceptedAndLost).toBeGreaterThan(0);
  },
  figure(outcome) {
    const figure = describeSoak(outcome);
    process.stdout.write(`soak: ${name}: ${figure}\n`);
    return figure;
  },
});

describe('F30: a random fault every 2 s', () => {
  it(
    'keeps every promise',
    async () => {
      process.stdout.write(`soak: npm run soak -- --minutes ${minutes} --seed ${seed} repeats this run\n`);
      const plan = planFaults(new SeededRandom(seed), LASTING_MS);
      await expectToHold(soak(`seed ${seed}`, plan), theBus({ codec: CODEC }));
    },
    LASTING_MS + AROUND_MS,
  );

  it('is too much for plain ioredis (control)', () =>
    expectToBite(soak('control', CONTROL_PLAN), plainIoredis()));
});

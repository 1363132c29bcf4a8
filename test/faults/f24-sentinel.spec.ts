import { cloudEvents } from 'nestjs-redis-event-bus';
import { subscriberCount } from '../support/pubsub.probe.js';
import { RedisSentinels } from '../support/redis.sentinels.js';
import { D_LIMIT_MS } from './support/deadlines.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { since } from './support/figures.js';
import type { PairAccount } from './support/numbered.pair.js';
import { NumberedPair, expectSound, missedByLate, pairFigure } from './support/numbered.pair.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const CHANNEL = 'orders';
const EVERY_MS = 2;
const LATE_EVENTS = 500;
/** For so long there is no master: whoever queues publishes meanwhile exceeds D. */
const DOWN_AFTER_MS = 2_500;
/** Sentinels that nobody wins the vote of begin anew ten seconds later. */
const TIMEOUT_MS = 60_000;

const stage = new FaultStage();
let sentinels: RedisSentinels;
beforeEach(async () => {
  sentinels = await RedisSentinels.start({ downAfterMs: DOWN_AFTER_MS });
  stage.closeLater(() => sentinels.stop());
});

interface Outcome extends PairAccount {
  /** From when the sentinels agree. */
  readonly recoveredMs: number | undefined;
  /** By somebody who subscribes after the switch. */
  readonly missedByLate: number;
}

const FAULTS = [
  ['manual failover', () => sentinels.failover()],
  ['master killed', () => sentinels.killMaster()],
  ['master stopped', () => sentinels.stopMaster()],
] as const;

const rowOf = ([how, change]: (typeof FAULTS)[number]): FaultRow<Outcome> => ({
  stage,
  id: 'F24',
  fault: `Sentinel: ${how}, under ${1_000 / EVERY_MS} events/s`,
  promise:
    'at the new master within D, each loss told of; nobody talks to the old one, so that a late subscriber misses nothing',
  async run(contender) {
    const pair = await NumberedPair.start(stage, contender, {
      kind: 'channel',
      channels: [CHANNEL],
      everyMs: EVERY_MS,
    });
    const master = await change();
    const recoveredMs = await pair.recovers(async () => (await subscriberCount(master, CHANNEL)) > 0);
    const missed = await missedByLate(stage, contender, pair.talker, LATE_EVENTS);
    return { ...(await pair.settle()), recoveredMs, missedByLate: missed };
  },
  check({ recoveredMs, missedByLate: missed, ...account }) {
    expect(recoveredMs).toBeLessThan(D_LIMIT_MS);
    expect(missed).toBe(0);
    expectSound(account);
  },
  figure: ({ recoveredMs, missedByLate: missed, ...account }) =>
    [
      since('there', recoveredMs, 'the sentinels agree'),
      `a late subscriber misses ${missed}`,
      pairFigure(account),
    ].join(', '),
});

describe.each(FAULTS)('F24: Sentinel names another master: %s', (...fault) => {
  it(
    'is followed by all, and told of',
    () =>
      expectToHold(
        rowOf(fault),
        theBus({ codec: cloudEvents({ source: '/faults' }) }, sentinels.redisOptions),
      ),
    TIMEOUT_MS,
  );

  // As it comes: failoverDetector is off.
  it(
    'is not with plain ioredis (control)',
    () => expectToBite(rowOf(fault), plainIoredis(sentinels.redisOptions)),
    TIMEOUT_MS,
  );
});

/**
 * ioredis' Cluster, the control, looks for its nodes again up to 10 s after disconnect().
 *
 * @leak-grace-ms 15000
 */
import { cloudEvents } from 'nestjs-redis-event-bus';
import { shardSubscriberCount } from '../support/pubsub.probe.js';
import type { ClusterNode } from '../support/redis.cluster.js';
import { RedisCluster } from '../support/redis.cluster.js';
import { D_LIMIT_MS } from './support/deadlines.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { since } from './support/figures.js';
import type { PairAccount } from './support/numbered.pair.js';
import { NumberedPair, expectSound, pairFigure } from './support/numbered.pair.js';
import { plainCluster } from './support/plain.cluster.js';
import { theBusOnCluster } from './support/the.bus.js';

/** In slots of all three masters. */
const CHANNELS = ['a', 'b', 'c', 'd', 'e', 'f'].map((tag) => `orders:{${tag}}:created`);

const stage = new FaultStage();
let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await RedisCluster.start();
});
afterAll(() => cluster.stopAll());

interface Outcome extends PairAccount {
  /** From when all nodes agree. */
  readonly recoveredMs: number | undefined;
  /** That have got another owner. */
  readonly moved: readonly string[];
}

async function ownersById(): Promise<readonly string[]> {
  return Promise.all(CHANNELS.map(async (channel) => (await cluster.ownerOf(channel)).id));
}

/** Gives a channel another owner. Resolves with that one once all nodes agree. */
type Change = (channel: string, owner: ClusterNode) => Promise<ClusterNode>;

const FAULTS: readonly (readonly [string, Change])[] = [
  ['CLUSTER FAILOVER', (_channel, owner) => cluster.failover(owner)],
  [
    'SETSLOT migration',
    async (channel, owner) => {
      const to = (await cluster.masters()).find((master) => master !== owner)!;
      await cluster.migrateSlot(await cluster.slotOf(channel), to);
      return to;
    },
  ],
  [
    'owner killed',
    async (_channel, owner) => {
      await cluster.kill(owner);
      stage.closeLater(() => cluster.restart(owner));
      return cluster.takenOver(owner);
    },
  ],
];

const rowOf = (how: string, change: Change): FaultRow<Outcome> => ({
  stage,
  id: 'F26',
  fault: `Cluster, shard channels: ${how}`,
  promise: 'subscribed at the new owner within D, a gap raised, each loss told of',
  async run(contender) {
    const pair = await NumberedPair.start(stage, contender, {
      kind: 'shard',
      channels: CHANNELS,
    });
    const channel = CHANNELS[0]!;
    const before = await ownersById();
    const heir = await change(channel, await cluster.ownerOf(channel));
    const recoveredMs = await pair.recovers(
      async () => (await shardSubscriberCount(heir.server, channel)) > 0,
    );
    const after = await ownersById();
    const moved = CHANNELS.filter((_channel, index) => before[index] !== after[index]);
    return { ...(await pair.settle()), recoveredMs, moved };
  },
  check({ recoveredMs, moved, ...account }) {
    expect(recoveredMs).toBeLessThan(D_LIMIT_MS);
    expectSound(account);
    // Only those, however often the owners of the others say that the Cluster is down; twice when the heir was late.
    const interrupted = account.gaps
      .filter(({ reason }) => reason !== 'events-missed')
      .flatMap(({ targets }) => targets);
    expect(new Set(interrupted)).toEqual(new Set(moved));
    expect(interrupted.length).toBeLessThanOrEqual(2 * moved.length);
  },
  figure: ({ recoveredMs, ...account }) =>
    [since('there', recoveredMs, 'the nodes agree'), pairFigure(account)].join(', '),
});

describe.each(FAULTS)('F26: a shard channel gets another owner: %s', (...fault) => {
  it('is subscribed to there, and told of', () =>
    expectToHold(
      rowOf(...fault),
      theBusOnCluster(cluster.nodeUrls, 'shard', { codec: cloudEvents({ source: '/faults' }) }),
    ));

  it('is more than plain ioredis tells of (control)', () =>
    expectToBite(rowOf(...fault), plainCluster(cluster.nodeUrls, 'shard')));
});

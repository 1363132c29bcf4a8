import { cloudEvents } from 'nestjs-redis-event-bus';
import { subscribedNode } from '../support/pubsub.probe.js';
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

const CHANNELS = ['orders', 'payments', 'returns'];
/** Of each channel: even a subscriber that is back at once has missed some. */
const EVERY_MS = 1;

const stage = new FaultStage();
let cluster: RedisCluster;
beforeEach(async () => {
  cluster = await RedisCluster.start();
  stage.closeLater(() => cluster.stopAll());
});

type Outcome = PairAccount & { readonly recoveredMs: number | undefined };

const rowOf = (what: string, signal: 'SIGKILL' | 'SIGSTOP'): FaultRow<Outcome> => ({
  stage,
  id: 'F25',
  fault: `Cluster: the node of the subscriptions ${what}`,
  promise: 'at another node within D, each loss told of',
  async run(contender) {
    const pair = await NumberedPair.start(stage, contender, {
      kind: 'channel',
      channels: CHANNELS,
      everyMs: EVERY_MS,
    });
    const node = await subscribedNode(cluster, CHANNELS[0]!);
    await node.server.kill(signal);
    const recoveredMs = await pair.recovers(() =>
      subscribedNode(cluster, CHANNELS[0]!, node).then(() => true),
    );
    return { ...(await pair.settle()), recoveredMs };
  },
  check({ recoveredMs, ...account }) {
    expect(recoveredMs).toBeLessThan(D_LIMIT_MS);
    expectSound(account);
  },
  figure: ({ recoveredMs, ...account }) =>
    [since('hears again', recoveredMs, 'the fault'), pairFigure(account)].join(', '),
});

describe.each([
  ['is killed', 'SIGKILL'],
  ['is stopped', 'SIGSTOP'],
] as const)('F25: the node of a Cluster that holds the subscriptions %s', (what, signal) => {
  it('is replaced by another one', () =>
    expectToHold(
      rowOf(what, signal),
      theBusOnCluster(cluster.nodeUrls, 'channel', { codec: cloudEvents({ source: '/faults' }) }),
    ));

  it('is more than plain ioredis tells of (control)', () =>
    expectToBite(rowOf(what, signal), plainCluster(cluster.nodeUrls, 'channel')));
});

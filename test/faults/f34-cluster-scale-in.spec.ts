import { jest } from '@jest/globals';
import { cloudEvents } from 'nestjs-redis-event-bus';
import { RoamingConnection } from '../../libs/event-bus/src/transports/redis-cluster/roaming.connection.js';
import { subscribedNode } from '../support/pubsub.probe.js';
import type { ClusterNode } from '../support/redis.cluster.js';
import { RedisCluster } from '../support/redis.cluster.js';
import type { Contender } from './support/contender.js';
import { named } from './support/contender.js';
import { D_LIMIT_MS, HEARTBEAT } from './support/deadlines.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { since } from './support/figures.js';
import type { PairAccount } from './support/numbered.pair.js';
import { NumberedPair, expectSound, pairFigure } from './support/numbered.pair.js';
import { theBusOnCluster } from './support/the.bus.js';

const CHANNELS = ['orders', 'payments', 'returns'];

const SUBSCRIBER = "subscriber's";

const stage = new FaultStage();
let cluster: RedisCluster;
/** The only one that is given, by a name that it does not announce: publishers begin there. */
let given: ClusterNode;
beforeEach(async () => {
  cluster = await RedisCluster.start();
  stage.closeLater(() => cluster.stopAll());
  [given] = (await cluster.replicasOf((await cluster.masters())[0]!)) as [ClusterNode];
});

type Outcome = PairAccount & { readonly recoveredMs: number | undefined };

/** Resolves when the node has gone. */
type ScaleIn = () => Promise<ClusterNode>;

const removeReplica: ScaleIn = async () => {
  await cluster.remove(given);
  return given;
};

const removeMaster: ScaleIn = async () => {
  const master = await subscribedNode(cluster, CHANNELS[0]!);
  const heir = (await cluster.masters()).find((node) => node !== master)!;
  await cluster.drain(master, heir);
  await cluster.remove(master);
  return master;
};

const rowOf = (whose: string, scaleIn: ScaleIn): FaultRow<Outcome> => ({
  stage,
  id: 'F34',
  fault: `Cluster, nodes given by another name: the ${whose} node is removed (FORGET by all, RESET)`,
  promise: 'left within D, publishing rejects meanwhile, each loss told of',
  async run(contender) {
    const pair = await NumberedPair.start(stage, contender, {
      kind: 'channel',
      channels: CHANNELS,
      everyMs: 1,
    });
    const left = await scaleIn();
    const recoveredMs = await pair.recovers(() =>
      subscribedNode(cluster, CHANNELS[0]!, left).then(
        () => true,
        () => false,
      ),
    );
    return { ...(await pair.settle()), recoveredMs };
  },
  check({ recoveredMs, ...account }) {
    expect(recoveredMs).toBeLessThan(D_LIMIT_MS);
    const { lost, reported } = account;
    // A replica of the master that goes starts over, and a publisher that leaves it may overtake itself in a Cluster that is late.
    expectSound(whose === SUBSCRIBER ? { ...account, reported: Math.min(reported, lost) } : account);
  },
  figure: ({ recoveredMs, ...account }) =>
    [since('hears again', recoveredMs, 'it left'), pairFigure(account)].join(', '),
});

const theBus = (heartbeat = HEARTBEAT) =>
  theBusOnCluster(
    [`redis://localhost:${given.server.port}`],
    'channel',
    { codec: cloudEvents({ source: '/faults' }) },
    { heartbeat },
  );

/** Stays where it is, as if nobody had said that the node is no member, and no heartbeat were late on a busy machine. */
function theBusThatStays(): Contender {
  const leave = jest.spyOn(RoamingConnection.prototype, 'leave').mockImplementation(() => undefined);
  stage.closeLater(() => leave.mockRestore());
  return named('the bus without the check', theBus({ ...HEARTBEAT, timeoutMs: 60_000 }));
}

describe.each([
  ["publisher's", removeReplica],
  [SUBSCRIBER, removeMaster],
] as const)('F34: a Cluster is scaled in, and the %s node with it', (whose, scaleIn) => {
  it('is left for another one', () => expectToHold(rowOf(whose, scaleIn), theBus()));

  it('would take everything, and nobody would hear it (control)', () =>
    expectToBite(rowOf(whose, scaleIn), theBusThatStays()));
});

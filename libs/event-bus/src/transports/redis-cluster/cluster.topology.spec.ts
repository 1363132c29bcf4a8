import { OddReplyError } from '../redis/odd.reply.js';
import { RedisSecrets } from '../redis/redis.secrets.js';
import { ClusterTopology } from './cluster.topology.js';
import type { TopologySource } from './cluster.topology.js';

const SEED = { host: 'seed', port: 1, isMaster: false };
const INFO = 'cluster_state:ok\r\ncluster_known_nodes:4\r\ncluster_slots_assigned:16384\r\n';
const ALONE = 'cluster_state:fail\r\ncluster_known_nodes:1\r\ncluster_slots_assigned:0\r\n';

/** CLUSTER SLOTS of two masters, the second with a replica. */
const SLOTS = [
  [0, 8_191, ['a', 1, 'id-a']],
  [8_192, 16_383, ['b', 2, 'id-b'], ['c', 3, 'id-c']],
];

/** A node that says what the test tells it to. */
class Home implements TopologySource {
  address = 'home:1';
  socket = { writable: true };
  slots: unknown = SLOTS;
  info = INFO;
  readonly asked: string[] = [];
  readonly abandonedFor: Error[] = [];
  readonly redis = {
    options: { host: 'home' },
    call: async (command: string, ...args: string[]): Promise<unknown> => {
      this.asked.push([command, ...args].join(' '));
      if (this.slots instanceof Error) throw this.slots;
      return args[0] === 'SLOTS' ? this.slots : this.info;
    },
  };

  abandon(reason: Error): void {
    this.abandonedFor.push(reason);
  }

  causeOf(error: unknown): unknown {
    return error;
  }
}

describe('ClusterTopology', () => {
  let home: Home;
  let heard: string[];
  let topology: ClusterTopology;
  const topologyWith = (natMap?: Record<string, { host: string; port: number }>) =>
    new ClusterTopology(
      { seeds: [SEED], connection: { secrets: new RedisSecrets(), login: undefined }, natMap },
      () => home,
      {
        read: () => heard.push('read'),
        strayed: ({ message }) => heard.push(`strayed: ${message}`),
        refused: ({ message }) => heard.push(`refused: ${message}`),
      },
    );
  beforeEach(() => {
    home = new Home();
    heard = [];
    topology = topologyWith();
  });
  afterEach(() => topology.close());

  it('knows nothing but the seeds until it was read', async () => {
    expect(topology.isKnown).toBe(false);
    expect(topology.candidates).toEqual([SEED]);
    expect(topology.ownerOf(0)).toBeUndefined();
    home.socket.writable = false;
    await topology.refresh();
    expect(home.asked).toEqual([]);
    expect(heard).toEqual([]);
  });

  it('knows the nodes, their roles and who serves which slot when it was read', async () => {
    await topology.refresh();
    expect(heard).toEqual(['read']);
    expect(topology.masters.map(({ host }) => host)).toEqual(['a', 'b']);
    expect(topology.candidates.map(({ host }) => host)).toEqual(['a', 'b', 'c', 'seed']);
    expect(topology.ownerOf(8_191)).toMatchObject({ host: 'a', port: 1 });
    expect(topology.ownerOf(8_192)).toMatchObject({ host: 'b', port: 2 });
    expect(topology.isReplica({ host: 'c', port: 3 })).toBe(true);
    expect(topology.isReplica({ host: 'b', port: 2 })).toBe(false);
  });

  it('asks once for all who want to know at the same time', async () => {
    await Promise.all([topology.refresh(), topology.refresh()]);
    expect(home.asked).toEqual(['CLUSTER SLOTS', 'CLUSTER INFO']);
  });

  it('says when the Cluster does not serve all slots', async () => {
    home.info = INFO.replace('ok', 'fail');
    await topology.refresh();
    expect(topology.isDown).toBe(true);
    home.info = INFO;
    await topology.refresh();
    expect(topology.isDown).toBe(false);
  });

  it('reaches a node that leaves its own host out where it was asked, and others by the natMap', async () => {
    home.slots = [[0, 16_383, ['', 6379, 'id-a'], ['inner', 7, 'id-b']]];
    topology.close();
    topology = topologyWith({ 'inner:7': { host: 'outer', port: 70 } });
    await topology.refresh();
    expect(topology.ownerOf(0)).toMatchObject({ host: 'home', port: 6379 });
    expect(topology.isReplica({ host: 'outer', port: 70 })).toBe(true);
  });

  it('believes the old owner of a slot until the map says the same, or it is unlearnt', async () => {
    await topology.refresh();
    topology.learn('MOVED 5 b:2');
    topology.learn('MOVED 6 x:9');
    topology.learn('CLUSTERDOWN the cluster is down');
    expect(topology.ownerOf(5)).toEqual({ host: 'b', port: 2 });
    expect(topology.ownerOf(4)).toMatchObject({ host: 'a' });
    home.slots = [[0, 16_383, ['b', 2, 'id-b']]];
    await topology.refresh();
    home.slots = SLOTS;
    await topology.refresh();
    expect(topology.ownerOf(5)).toMatchObject({ host: 'a' });
    expect(topology.ownerOf(6)).toEqual({ host: 'x', port: 9 });
    topology.unlearn({ host: 'x', port: 9 });
    expect(topology.ownerOf(6)).toMatchObject({ host: 'a' });
  });

  it('tells MOVED from ASK, and a host from one that is left out', () => {
    expect(topology.addressIn('ASK 5 b:2', 'ASK')).toEqual({ host: 'b', port: 2 });
    expect(topology.addressIn('ASK 5 b:2', 'MOVED')).toBeUndefined();
    expect(topology.addressIn('MOVED 5 :2', 'MOVED')).toEqual({ host: 'home', port: 2 });
    expect(topology.addressIn('TRYAGAIN', 'ASK')).toBeUndefined();
  });

  it('does not believe a node that is alone, or that on one link knows none of the nodes any more', async () => {
    await topology.refresh();
    home.slots = [[0, 16_383, ['z', 9, 'id-z']]];
    await topology.refresh();
    home.info = ALONE;
    home.slots = [];
    await topology.refresh();
    expect(heard).toEqual(['read', ...Array<string>(2).fill('strayed: home:1 has left the Cluster')]);
    expect(topology.masters.map(({ host }) => host)).toEqual(['a', 'b']);
    // A Cluster may be another one behind the same name: what a new link says counts.
    home.info = INFO;
    home.slots = [[0, 16_383, ['z', 9, 'id-z']]];
    home.socket = { writable: true };
    await topology.refresh();
    expect(topology.masters.map(({ host }) => host)).toEqual(['z']);
  });

  it('tells what the node says instead, keeps what it knew, and ends a link that answers oddly', async () => {
    await topology.refresh();
    home.slots = new Error('NOPERM cluster');
    await topology.refresh();
    expect(home.abandonedFor).toEqual([]);
    home.slots = 'odd';
    await topology.refresh();
    expect(heard).toEqual([
      'read',
      'refused: NOPERM cluster',
      'refused: the server sent an invalid reply to cluster slots',
    ]);
    expect(home.abandonedFor[0]).toBeInstanceOf(OddReplyError);
    expect(topology.masters).toHaveLength(2);
  });

  it('tells nothing when it was closed while it was read', async () => {
    const reading = topology.refresh();
    topology.close();
    await reading;
    expect(heard).toEqual([]);
    expect(topology.isKnown).toBe(false);
  });
});

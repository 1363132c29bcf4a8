/** @needs-redis-7 a node of a Cluster cannot be told its bus port */
import { Cluster, Redis } from 'ioredis';
import { eventually } from '../support/eventually.js';
import { RedisCluster } from '../support/redis.cluster.js';
import { RedisSentinels } from '../support/redis.sentinels.js';
import type { RedisServer } from '../support/redis.server.js';

describe('RedisCluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start();
  });
  afterAll(() => cluster.stopAll());

  it('starts three masters with a replica each, which all know each other', async () => {
    const masters = await cluster.masters();
    expect(masters).toEqual(cluster.nodes.slice(0, 3));
    const replicas = await Promise.all(masters.map((master) => cluster.replicasOf(master)));
    expect(replicas).toEqual(cluster.nodes.slice(3).map((node) => [node]));
    for (const { server } of cluster.nodes) {
      expect(await server.cli('CLUSTER', 'INFO')).toMatch(
        /cluster_state:ok\r\n[^]*cluster_known_nodes:6\r\n/,
      );
    }
  });

  it('serves a client of a cluster', async () => {
    const [url] = cluster.nodeUrls;
    const client = new Cluster([url!]);
    await Promise.all(['a', 'b', 'c', 'd'].map((key) => client.set(key, key)));
    expect(await Promise.all(['a', 'b', 'c', 'd'].map((key) => client.get(key)))).toEqual([
      'a',
      'b',
      'c',
      'd',
    ]);
    expect(client.nodes('slave').length).toBe(3);
    client.disconnect();
  });

  it('tells the owner of a name by its slot and hash tag', async () => {
    const owner = await cluster.ownerOf('orders:{42}:created');
    expect(await cluster.ownerOf('42')).toBe(owner);
    expect(await owner.server.cli('SET', '42', 'x')).toBe('OK');
    const [other] = (await cluster.masters()).filter((master) => master !== owner);
    const moved = `MOVED ${await cluster.slotOf('42')} 127.0.0.1:${owner.server.port}`;
    await expect(other!.server.cli('GET', '42')).rejects.toThrow(moved);
  });

  it('lets a replica take the place of its master and back, with all data', async () => {
    const old = await cluster.ownerOf('kept');
    await old.server.cli('SET', 'kept', 'here');
    const master = await cluster.failover(old);
    expect(await cluster.ownerOf('kept')).toBe(master);
    expect(await cluster.replicasOf(master)).toEqual([old]);
    expect(await master.server.cli('GET', 'kept')).toBe('here');
    expect(await cluster.failover(master)).toBe(old);
  });

  it('migrates a slot with its keys', async () => {
    const from = await cluster.ownerOf('{moved}');
    const to = (await cluster.masters()).find((master) => master !== from)!;
    for (const key of ['{moved}:1', '{moved}:2']) await from.server.cli('SET', key, key);
    await cluster.migrateSlot(await cluster.slotOf('{moved}'), to);
    expect(await cluster.ownerOf('{moved}')).toBe(to);
    expect(await to.server.cli('MGET', '{moved}:1', '{moved}:2')).toEqual(['{moved}:1', '{moved}:2']);
    await expect(from.server.cli('GET', '{moved}:1')).rejects.toThrow('MOVED');
  });

  it('knows who takes the place of a killed master, which comes back as a replica', async () => {
    const killed = await cluster.ownerOf('a');
    const [heir] = await cluster.replicasOf(killed);
    await cluster.kill(killed);
    expect(await cluster.takenOver(killed)).toBe(heir);
    expect(await cluster.ownerOf('a')).toBe(heir);
    expect(await cluster.masters()).not.toContain(killed);
    await cluster.restart(killed);
    expect(await cluster.replicasOf(heir!)).toEqual([killed]);
  });

  it('knows who takes the place of a stopped master', async () => {
    const stopped = await cluster.ownerOf('a');
    const [heir] = await cluster.replicasOf(stopped);
    await cluster.kill(stopped, 'SIGSTOP');
    expect(await cluster.takenOver(stopped)).toBe(heir);
    await cluster.kill(stopped, 'SIGCONT');
    await eventually(async () => expect(await cluster.replicasOf(heir!)).toEqual([stopped]));
  });

  it('adds a master that takes over its share of the slots, with their keys', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `name ${index}`);
    for (const name of names) await (await cluster.ownerOf(name)).server.cli('SET', name, name);
    const added = await cluster.addMaster();
    expect(await cluster.masters()).toHaveLength(4);
    const owners = await Promise.all(names.map((name) => cluster.ownerOf(name)));
    expect(owners).toContain(added);
    for (const [index, name] of names.entries())
      expect(await owners[index]!.server.cli('GET', name)).toBe(name);
  });

  it('leaves nobody behind', async () => {
    const pids = cluster.nodes.map(({ server }) => server.pid);
    expect(pids).toHaveLength(7);
    await cluster.stopAll();
    await cluster.stopAll();
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

describe('RedisCluster.start', () => {
  it('starts as many nodes as asked for, with the arguments given to each', async () => {
    let calls = 0;
    const args = async () => ['--maxclients', String(1_000 + (calls += 1))];
    const cluster = await RedisCluster.start({ masters: 3, replicasPerMaster: 0, args });
    try {
      const replies = await Promise.all(
        cluster.nodes.map(({ server }) => server.cli('CONFIG', 'GET', 'maxclients')),
      );
      const limits = replies.map((reply) => (reply as string[])[1]);
      expect(new Set(limits)).toEqual(new Set(['1001', '1002', '1003']));
    } finally {
      await cluster.stopAll();
    }
  });

  it('says why a node cannot start', async () => {
    await expect(RedisCluster.start({ args: ['--no-such-directive', 'x'] })).rejects.toThrow(
      'no-such-directive',
    );
  });
});

describe('RedisSentinels', () => {
  let sentinels: RedisSentinels;
  beforeEach(async () => {
    sentinels = await RedisSentinels.start();
  });
  afterEach(() => sentinels.stop());

  const roleOf = async (server: RedisServer) => ((await server.cli('ROLE')) as string[])[0];

  it('starts a master, a replica and three sentinels that serve a client', async () => {
    const [master, replica] = sentinels.servers;
    expect(await sentinels.master()).toBe(master);
    expect([await roleOf(master!), await roleOf(replica!)]).toEqual(['master', 'slave']);
    expect(sentinels.sentinels).toHaveLength(3);
    const client = new Redis(sentinels.redisOptions);
    await client.set('a', '1');
    expect(await master!.cli('GET', 'a')).toBe('1');
    client.disconnect();
  });

  it('fails over when asked to, while the old master goes on as one', async () => {
    const [old, replica] = sentinels.servers;
    expect(await sentinels.failover()).toBe(replica);
    expect(await sentinels.master()).toBe(replica);
    expect(await roleOf(replica!)).toBe('master');
    expect(await roleOf(old!)).toBe('master');
  });

  it('fails over when the master is killed, while one sentinel is away', async () => {
    const [old, replica] = sentinels.servers;
    await sentinels.sentinels[0]!.kill();
    expect(await sentinels.killMaster()).toBe(replica);
    expect(old!.isRunning).toBe(false);
  });

  it('fails over when the master is stopped', async () => {
    const [old, replica] = sentinels.servers;
    expect(await sentinels.stopMaster()).toBe(replica);
    expect(old!.isRunning).toBe(true);
  });

  it('leaves nobody behind', async () => {
    const pids = [...sentinels.servers, ...sentinels.sentinels].map(({ pid }) => pid);
    expect(pids).toHaveLength(5);
    await sentinels.stop();
    await sentinels.stop();
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

import { Cluster } from 'ioredis';
import { clusterSettings, redisClusterProblems } from './redis-cluster.options.js';
import { RedisLogin } from '../redis/redis.credentials.js';
import { RedisSecrets } from '../redis/redis.secrets.js';

const nodes = ['redis://localhost:7000'];

describe('redisClusterProblems', () => {
  it.each([
    ['no object', undefined, 'redisCluster() takes an object'],
    ['no nodes', {}, 'redisCluster({ nodes }) must be a list'],
    ['an empty list', { nodes: [] }, 'redisCluster({ nodes }) must be a list'],
    ['a single URL', { nodes: 'redis://a' }, 'redisCluster({ nodes }) must be a list'],
    ['a number', { nodes: [7000] }, 'number 1: is neither a URL nor an address'],
    ['no port', { nodes: ['redis://a', { host: 'a' }] }, 'number 2: is neither a URL nor an address'],
    [
      'a password in one node',
      { nodes: [{ host: 'a', port: 1, password: 'canary' }] },
      'has password in addition',
    ],
    ['no URL', { nodes: ['canary'] }, 'is not a URL'],
    ['a % in a password', { nodes: ['redis://:canary%@a'] }, 'percent-encoded: encodeURIComponent()'],
    ['a / in a password', { nodes: ['redis://:canary/x@a'] }, 'percent-encoded: encodeURIComponent()'],
    ['no scheme', { nodes: ['canary:7000'] }, 'does not start with redis://'],
    ['a list in a text', { nodes: ['redis://canary:1,canary:2'] }, 'has several addresses'],
    ['a space', { nodes: ['redis://canary:1 '] }, 'has a space'],
    ['no brackets', { nodes: ['redis://::1:7000'] }, 'Write an IPv6 address in brackets'],
    ['no host', { nodes: ['redis://:canary@:7000'] }, 'is not a URL'],
    ['a wrong port', { nodes: ['redis://canary:x'] }, 'has a port that is not a number'],
    ['a port as text', { nodes: [{ host: 'a', port: '7000' }] }, 'number 1: port must be a number'],
    ['a port in the host', { nodes: [{ host: 'canary:1', port: 1 }] }, 'number 1: host has a port in it'],
    ['a URL as host', { nodes: [{ host: 'redis://canary', port: 1 }] }, 'number 1: host is a URL'],
    ['TLS and none', { nodes: ['rediss://canary'], tls: false }, 'redisCluster({ tls }) is off'],
    ['a password that is none', { nodes, password: 1 }, 'redisCluster({ password }) takes a string'],
    ['monitor', { nodes, monitor: true }, 'redisCluster({ monitor }) cannot be set'],
    ['another protocol', { nodes: ['http://canary'] }, 'starts with "http:"'],
    ['a database', { nodes: ['redis://canary/1'] }, 'has a path'],
    ['a query', { nodes: ['redis://canary?family=6'] }, 'has options in its query'],
    ['two users', { nodes: ['redis://u:canary@a', 'redis://v:canary@b'] }, 'the URLs differ'],
    ['TLS for some', { nodes: ['redis://a', 'rediss://b'] }, 'the URLs differ'],
    ['an option of one server', { nodes, db: 1 }, 'redisCluster({ db }) cannot be set'],
    ['sentinels', { nodes, sentinels: [] }, 'redisCluster({ sentinels }) cannot be set'],
    ['redisOptions', { nodes, redisOptions: {} }, 'Write its options next to nodes'],
    ['an option of the driver', { nodes, scaleReads: 'all' }, 'the bus follows the topology automatically'],
    ['an owned option', { nodes, keyPrefix: 'x' }, 'redisCluster({ keyPrefix }) cannot be set'],
    [
      'a wrong heartbeat',
      { nodes, heartbeat: { intervalMs: 1 } },
      'redisCluster({ heartbeat: { intervalMs } })',
    ],
    ['no client', { client: {} }, 'takes an ioredis Cluster instance'],
    [
      'a client and nodes',
      { client: { isCluster: true }, nodes },
      'takes no other options but heartbeat and fastPath: set nodes',
    ],
  ])('tells of %s', (_what, options, problem) => {
    const problems = redisClusterProblems(options);
    expect(problems).toEqual([expect.stringContaining(problem)]);
    expect(problems[0]).not.toContain('canary');
  });

  it('tells of all at once', () => {
    expect(
      redisClusterProblems({ nodes: [1, 2], db: 1, lazyConnect: true, dnsLookup: () => {} }),
    ).toHaveLength(5);
  });

  it.each([
    { nodes },
    { nodes: ['rediss://u:p@a:1/0', 'rediss://u:p@[::1]:2', { host: 'c', port: 3 }] },
    { nodes, heartbeat: { intervalMs: 100 }, connectionName: 'x', natMap: {}, tls: {} },
    { client: { isCluster: true }, heartbeat: {}, fastPath: false },
  ])('has nothing against %j', (options) => expect(redisClusterProblems(options)).toEqual([]));
});

describe('clusterSettings', () => {
  const secrets = expect.any(RedisSecrets) as RedisSecrets;
  const messages = { maxPayloadBytes: 1, takesText: true };

  it('reads addresses, and one access for all nodes, from URLs', () => {
    const { seeds, connection } = clusterSettings({
      nodes: ['rediss://u%20x:p%40@a', 'rediss://u%20x:p%40@[::1]:2', { host: 'c', port: 3 }],
      connectionName: 'x',
      fastPath: false,
    });
    expect(seeds).toEqual([
      { host: 'a', port: 6379, isMaster: true },
      { host: '::1', port: 2, isMaster: true },
      { host: 'c', port: 3, isMaster: true },
    ]);
    expect(connection).toEqual({
      username: 'u x',
      password: 'p@',
      tls: {},
      connectionName: 'x',
      fastPath: false,
      secrets,
      login: undefined,
      messages: undefined,
    });
  });

  it('lets what stands beside the nodes win', () => {
    const { connection } = clusterSettings(
      { nodes: ['rediss://u:p@a'], password: 'q', tls: { ca: 'x' } },
      messages,
    );
    expect(connection).toEqual({
      username: 'u',
      password: 'q',
      tls: { ca: 'x' },
      secrets,
      login: undefined,
      messages,
    });
  });

  it('takes over the nodes and options of a client', () => {
    const natMap = { 'a:1': { host: 'b', port: 2 } };
    // Its types leave out what it takes as well.
    const last: object = { port: 5, password: 'q', tls: {} };
    const client = new Cluster(['redis://u:p@a:1', 'b:2', 3, { host: 'd' }, last], {
      lazyConnect: true,
      natMap,
      redisOptions: { connectionName: 'x', username: 'other' },
    });
    const settings = clusterSettings({ client, heartbeat: { intervalMs: 100 } }, messages);
    expect(settings.seeds.map(({ host, port }) => `${host}:${port}`)).toEqual([
      'a:1',
      'b:2',
      '127.0.0.1:3',
      'd:6379',
      '127.0.0.1:5',
    ]);
    expect(settings.connection).toEqual({
      secrets,
      messages,
      login: expect.any(RedisLogin),
      connectionName: 'x',
      username: 'u',
      password: 'q',
      tls: {},
      heartbeat: { intervalMs: 100 },
    });
    expect(settings.natMap).toBe(natMap);
  });
});

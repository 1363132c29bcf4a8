import { Redis } from 'ioredis';
import { OWNED_OPTIONS, redisProblems } from './redis.options.js';
import { redis } from './redis.transport.js';
import { untyped } from '../../../../../test/support/untyped.js';

describe('redisProblems', () => {
  it.each([
    [{}],
    [{ url: undefined }],
    [{ url: 'redis://localhost' }],
    [{ url: 'redis://localhost:6379/' }],
    [{ url: 'redis://user:p%40ss@localhost:6379/15' }],
    [{ url: 'rediss://localhost:6380/0?family=6' }],
    [{ host: 'localhost', port: 6379, username: 'bus', password: 'secret', db: 3 }],
    [{ path: '/tmp/redis.sock' }],
    [{ sentinels: [{ host: 'localhost', port: 26_379 }], name: 'main', sentinelTLS: {} }],
    [{ sentinels: [{}], name: 'main', tls: {}, enableTLSForSentinelMode: true }],
    [{ sentinels: [{}], name: 'main', tls: {}, enableTLSForSentinelMode: false }],
    [{ sentinels: [{}], name: 'main', failoverDetector: false, url: 'redis://:secret@ignored' }],
    [{ keyPrefix: undefined, connectionName: 'bus', connectTimeout: 500 }],
    [{ heartbeat: undefined }],
    [{ username: () => 'bus', password: async () => 'token' }],
    [{ username: undefined, password: untyped(null) }],
    [{ sentinels: [{}], name: 'main', sentinelUsername: () => 'bus', sentinelPassword: async () => 'token' }],
    [{ heartbeat: {} }],
    [{ heartbeat: { intervalMs: 50, timeoutMs: undefined } }],
    [{ url: 'redis://localhost', heartbeat: { intervalMs: 2 ** 31 - 1, timeoutMs: 2_000 } }],
  ])('finds nothing wrong with %j', (options) => {
    expect(redisProblems(options)).toEqual([]);
    expect(redis(options)).toMatchObject({ name: 'redis', problems: [] });
  });

  it.each([
    ['redis://localhost', 'redis() takes an object'],
    [null, 'redis() takes an object'],
    [{ url: 6379 }, 'must be a string'],
    [{ url: '' }, 'is not a URL'],
    [{ url: 'localhost' }, 'is not a URL'],
    [{ url: 'redis://localhost:99999' }, 'has a port that is not a number from 1 to 65535'],
    [{ url: 'http://localhost' }, 'starts with "http:"'],
    [{ url: 'redis://localhost/main' }, 'not a database number'],
    [{ url: 'redis://secret#1@localhost' }, 'Write user and password percent-encoded'],
    [{ url: 'redis://secret:12?1@localhost' }, 'Write user and password percent-encoded'],
    [
      { url: 'redis://localhost?keyPrefix=shop:&enableOfflineQueue=true' },
      'sets keyPrefix, enableOfflineQueue',
    ],
    [{ heartbeat: 2_000 }, 'redis({ heartbeat }) must be an object, e.g. heartbeat: { intervalMs: 2000 }'],
    [{ username: 7 }, 'redis({ username }) takes a string, or a function'],
    [{ password: { token: 'secret' } }, 'redis({ password }) takes a string, or a function'],
    [{ password: Promise.resolve('secret') }, 'redis({ password }) takes a string, or a function'],
    [{ sentinelPassword: 7 }, 'redis({ sentinelPassword }) takes a string, or a function'],
    [{ heartbeat: null }, 'redis({ heartbeat }) must be an object'],
    [{ fastPath: 'no' }, 'redis({ fastPath }) must be true or false.'],
    [{ heartbeat: { intervalMs: 49 } }, 'redis({ heartbeat: { intervalMs } }) must be a whole number'],
    [{ heartbeat: { intervalMs: 2 ** 31 } }, 'from 50 to 2147483647'],
    [{ heartbeat: { timeoutMs: 99.5 } }, 'redis({ heartbeat: { timeoutMs } }) must be a whole number'],
    [{ heartbeat: { timeoutMs: '2000' } }, 'redis({ heartbeat: { timeoutMs } }) must be a whole number'],
    [
      { heartbeat: { everyMs: 100 } },
      'redis({ heartbeat: { everyMs } }) is not an option. Known options: intervalMs, timeoutMs.',
    ],
    [{ sentinels: [], name: 'main' }, 'redis({ sentinels }) takes a list of at least one'],
    [{ sentinels: 'localhost', name: 'main' }, 'redis({ sentinels }) takes a list of at least one'],
    [{ sentinels: [{ host: 'localhost' }] }, 'redis({ sentinels }) needs the name'],
    [{ sentinels: [{}], name: 'main', tls: {} }, 'needs enableTLSForSentinelMode: true'],
    [{ sentinels: [{}], name: 'main', enableTLSForSentinelMode: true }, 'Add tls: { ca }'],
    [{ client: {} }, 'takes an ioredis Redis instance'],
    [{ client: null }, 'takes an ioredis Redis instance'],
    [{ client: 'redis://localhost' }, 'takes an ioredis Redis instance'],
  ])('says what is wrong with %j', (options, problem) => {
    expect(redisProblems(options)).toEqual([expect.stringContaining(problem)]);
  });

  it.each([
    'keyPrefix',
    'enableOfflineQueue',
    'autoResubscribe',
    'autoResendUnfulfilledCommands',
    'maxRetriesPerRequest',
    'retryStrategy',
    'enableAutoPipelining',
    'lazyConnect',
    'replyMapping',
    'role',
    'preferredSlaves',
    'sentinelRetryStrategy',
    'sentinelReconnectStrategy',
    'monitor',
  ])('refuses %s, which the bus decides', (name) => {
    expect(redisProblems({ [name]: false })).toEqual([
      expect.stringContaining(`redis({ ${name} }) cannot be set`),
    ]);
  });

  it.each([
    ['redis://:100%@host', 'percent-encoded: encodeURIComponent()'],
    ['redis://:c4n4ry%ff@host', 'percent-encoded: encodeURIComponent()'],
    ['redis://:a/b+c4n4ry==@host:6379/0', 'percent-encoded: encodeURIComponent()'],
    ['redis://u:c4n4ry?x@host', 'percent-encoded: encodeURIComponent()'],
    ['redis://u:c4n4ry#x@host', 'percent-encoded: encodeURIComponent()'],
    ['redis://u:c4n4ry x@host', 'percent-encoded: encodeURIComponent()'],
    ['redis://u:c4n4ry[x@', 'has no host'],
    ['u:c4n4ry@host:6379', 'does not start with redis://'],
    ['c4n4ry', 'does not start with redis://'],
    ['localhost:6379', 'does not start with redis://'],
    ['redis:localhost:6379', 'does not start with redis://'],
    ['//localhost', 'is a Unix socket'],
    ['/tmp/redis.sock', 'Write redis({ path:'],
    ['unix:///tmp/redis.sock', 'write redis({ path:'],
    ['redis-socket:///tmp/redis.sock', 'write redis({ path:'],
    ['redis+sentinel://:c4n4ry@a:26379/main', 'write redis({ sentinels:'],
    ['redis-cluster://a:7000', 'write redisCluster({ nodes:'],
    ['valkey://localhost', 'Write redis://host:6379'],
    [' redis://localhost', 'has a space or a line break'],
    ['redis://localhost\n', 'has a space or a line break'],
    ['redis://a:1,redis://b:2', 'has several addresses'],
    ['redis://:c4n4ry@a:1,redis://:c4n4ry@b:2', 'has several addresses'],
    ['redis://a:1,b:2', 'has several addresses'],
    [['redis://a'], 'is a list'],
    [new URL('redis://:c4n4ry@a'), 'Write its href'],
    ['redis://::1:6379', 'Write an IPv6 address in brackets'],
    ['redis://fe80::1', 'Write an IPv6 address in brackets'],
    ['redis://localhost:port', 'has a port that is not a number'],
    ['redis://localhost:0', 'has a port that is not a number'],
    ['redis://localhost/first', 'not a database number'],
    ['redis://localhost//tmp/redis.sock', 'for a Unix socket, redis({ path })'],
  ])('says what to write instead of the URL %s', (url, problem) => {
    const problems = redisProblems({ url });
    expect(problems).toEqual([expect.stringMatching(/^redis\(\{ url \}\): /)]);
    expect(problems[0]).toContain(problem);
    expect(problems[0]).not.toContain('c4n4ry');
    expect(problems[0]).not.toContain('100%');
  });

  it.each([
    [{ host: 'redis://:c4n4ry@localhost' }, 'redis({ host }) is a URL'],
    [{ host: 'u:c4n4ry@localhost' }, 'redis({ host }) has a user or a password in it'],
    [{ host: 'localhost:6379' }, "Write host: 'localhost', port: 6379"],
    [{ host: '[::1]' }, "Write an IPv6 address without brackets, host: '::1'"],
    [{ host: '[::1]:6379' }, "Write an IPv6 address without brackets, host: '::1'"],
    [{ host: 'a,b' }, 'redis({ host }) has several addresses'],
    [{ host: ' localhost' }, 'redis({ host }) has a space'],
    [{ host: '/tmp/redis.sock' }, 'For a Unix socket, use the option path'],
    [{ host: 'localhost/0' }, 'redis({ host }) has a path'],
    [{ host: '' }, 'redis({ host }) must be a name'],
    [{ host: 7 }, 'redis({ host }) must be a name'],
    [{ port: 'redis' }, 'redis({ port }) must be a number from 1 to 65535'],
    [{ port: '6379 ' }, 'redis({ port }) must be a number from 1 to 65535'],
    [{ port: 0 }, 'redis({ port }) must be a number from 1 to 65535'],
    [{ port: NaN }, 'redis({ port }) must be a number from 1 to 65535'],
    [{ db: 'main' }, 'redis({ db }) must be the number of a database'],
    [{ db: -1 }, 'redis({ db }) must be the number of a database'],
    [{ path: 'unix:///tmp/redis.sock' }, 'redis({ path }) is a URL'],
    [{ path: '' }, 'redis({ path }) must be the path of a Unix socket'],
    [{ url: 'rediss://localhost', tls: false }, 'redis({ tls }) is off, but the URL requires TLS'],
    [{ password: 12_345 }, 'redis({ password }) takes a string'],
    [{ username: ['c4n4ry'] }, 'redis({ username }) takes a string'],
    [{ sentinels: ['a:26379'], name: 'main' }, 'number 1: is not { host, port }'],
    [{ sentinels: [{ host: 'a:26379' }], name: 'main' }, 'number 1: host has a port in it'],
    [{ sentinels: [{ host: 'a' }, { port: 'x' }], name: 'main' }, 'number 2: port must be a number'],
  ])('says what to write instead of %j', (options, problem) => {
    const problems = redisProblems(options);
    expect(problems).toEqual([expect.stringContaining(problem)]);
    expect(problems[0]).not.toContain('c4n4ry');
  });

  it.each([
    { url: 'redis://u:a%2Fb%25@localhost:6379' },
    { url: 'redis://u:a,b=@localhost' },
    { url: 'REDIS://[::1]:6379/1' },
    { host: '::1', port: '6379', db: '1' },
    { host: 'redis_1', port: 6379, tls: false, password: '' },
    { username: () => 'a', password: async () => 'b' },
  ])('takes %j', (options) => expect(redisProblems(options)).toEqual([]));

  it('takes a client alone, of a single server', () => {
    const client = new Redis({ lazyConnect: true });
    expect(redisProblems({ client })).toEqual([]);
    expect(redisProblems({ client, heartbeat: { intervalMs: 100 } })).toEqual([]);
    expect(redisProblems({ client, heartbeat: { intervalMs: 1 } })).toHaveLength(1);
    expect(redisProblems({ client, url: 'redis://localhost', db: 1 })).toEqual([
      expect.stringContaining('set url, db on the client'),
    ]);
    expect(redisProblems({ client: Object.assign(Object.create(client), { isCluster: true }) })).toHaveLength(
      1,
    );
    client.disconnect();
  });

  it('reports everything at once, and no password', () => {
    const problems = redisProblems({ url: 'http://user:c4n4ry@host', keyPrefix: 'a', retryStrategy: null });
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain('c4n4ry');
  });
});

describe('the connections of redis()', () => {
  const listener = {
    message() {},
    confirmed() {},
    released() {},
    denied() {},
    resumed() {},
    writable() {},
    state() {},
    warned() {},
  };

  it('have the options that the bus owns, and the address without credentials', async () => {
    const client = new Redis({
      lazyConnect: true,
      keyPrefix: 'mine:',
      host: 'example',
      port: 7,
      password: 'c4n4ry',
    });
    const transport = redis({ client }).create(listener);
    const [publisher] = (transport.unwrap?.() ?? []) as Redis[];
    const options = publisher?.options;
    expect(options).toMatchObject(OWNED_OPTIONS);
    expect(options?.password).toBe('c4n4ry');
    expect(client.options.keyPrefix).toBe('mine:');
    expect(transport.address).toBe('example:7');
    await transport.close();
    client.disconnect();
  });

  it('never see the options of the bus as their own', async () => {
    const client = new Redis({ lazyConnect: true });
    const ours = { heartbeat: { intervalMs: 100 }, fastPath: true };
    for (const options of [ours, { client, ...ours }]) {
      const transport = redis(options).create(listener);
      const clients = transport.unwrap?.() as [Redis, Redis];
      for (const { options: given } of clients) {
        for (const name of ['heartbeat', 'fastPath', 'messages']) expect(given).not.toHaveProperty(name);
      }
      await transport.close();
    }
    client.disconnect();
  });

  it.each([
    [{}, 'localhost:6379'],
    [{ url: 'redis://user:secret@example:7/3' }, 'example:7'],
    [{ path: '/tmp/redis.sock' }, '/tmp/redis.sock'],
    [{ sentinels: [{ host: 'a', port: 1 }], name: 'main' }, 'sentinel main'],
  ])('tell where they lead with %j', async (options, address) => {
    const transport = redis(options).create(listener);
    expect(transport.address).toBe(address);
    await transport.close();
  });
});

import { redisPlaceSchema } from './redis-place.js';

const tls = {};

describe('redisPlaceSchema', () => {
  it.each(['redis://localhost', 'rediss://user:a%2Cb@host:6380/1', 'redis://:a,b@host'])(
    'takes %s for one server',
    (url) => {
      expect(redisPlaceSchema.parse(url)).toEqual({ kind: 'server', url });
    },
  );

  it('takes several URLs for a Cluster', () => {
    expect(redisPlaceSchema.parse('redis://one:7000, redis://[::1]')).toEqual({
      kind: 'cluster',
      nodes: [
        { host: 'one', port: 7000 },
        { host: '::1', port: 6379 },
      ],
      access: {},
    });
  });

  it('uses user, password and TLS of the URLs for the whole Cluster', () => {
    const place = redisPlaceSchema.parse('rediss://shop:p%40ss@one:7000,rediss://shop:p%40ss@two:7000/0');
    expect(place).toMatchObject({ access: { username: 'shop', password: 'p@ss', tls } });
  });

  it('takes Sentinels with the name of the master', () => {
    expect(redisPlaceSchema.parse('redis+sentinel://one:5000,two,[::1]/main-1')).toEqual({
      kind: 'sentinels',
      sentinels: [
        { host: 'one', port: 5000 },
        { host: 'two', port: 26379 },
        { host: '::1', port: 26379 },
      ],
      name: 'main-1',
      access: { db: 0 },
    });
  });

  it('logs in to the servers behind Sentinels, and reaches all of them over TLS', () => {
    const place = redisPlaceSchema.parse('rediss+sentinel://shop:p%40ss@one:5000/main/3');
    const overTls = { tls, sentinelTLS: tls, enableTLSForSentinelMode: true };
    expect(place).toMatchObject({ access: { username: 'shop', password: 'p@ss', db: 3, ...overTls } });
  });

  it.each([
    'localhost:6379',
    'http://:secret@redis',
    'redis://',
    'redis://one:7000,two:7001',
    'redis://one,two',
    'redis://one/first',
    'redis://user:12#secret@host',
    'redis://:secret@one,http://two',
    'redis://:se%cret@one',
  ])('refuses %s, and shows every form', (text) => {
    expectRefusal(text, 'must be a URL such as redis://user:password@host:6379/0, several of them');
  });

  it.each([
    'redis+sentinel://one:26379',
    'redis+sentinel:///mymaster',
    'redis+sentinel://one:26379,/mymaster',
    'redis+sentinel://:sec/ret@one:26379/mymaster',
    'redis+sentinel://:sec@ret@one:26379/mymaster',
    'redis+sentinel://user:12#secret@one:26379/mymaster',
    'redis+sentinel://one:26379/mymaster/first',
    'http+sentinel://one:26379/mymaster',
  ])('refuses %s, and shows how Sentinels are written', (text) => {
    expectRefusal(text, 'must be like redis+sentinel://');
  });

  it.each([
    ['different passwords', 'redis://:secret@one,redis://:other@two'],
    ['TLS to one only', 'redis://one,rediss://two'],
    ['a database', 'redis://one/1,redis://two/1'],
    ['options', 'redis://one?family=6,redis://two'],
  ])('refuses a Cluster with %s', (_what, text) => {
    expectRefusal(text, 'must have the same user, password and TLS in all of its URLs, and no database');
  });

  function expectRefusal(text: string, reason: string): void {
    const { error } = redisPlaceSchema.safeParse(text);
    expect(error?.issues).toEqual([expect.objectContaining({ message: expect.stringContaining(reason) })]);
    expect(JSON.stringify(error)).not.toMatch(/secret|ret@/);
  }
});

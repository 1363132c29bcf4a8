import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { FakeSentinel } from '../../../../../test/support/fake.sentinel.js';
import { freePort } from '../../../../../test/support/free.port.js';
import { RedisSecrets } from './redis.secrets.js';
import { RedisSentinel } from './redis.sentinel.js';
import type { SentinelAccess } from './redis.sentinel.js';

describe('RedisSentinel', () => {
  let fake: FakeSentinel;
  const open: RedisSentinel[] = [];
  beforeEach(async () => {
    fake = await FakeSentinel.start({ masterPort: 7, epoch: 3, others: [8] });
  });
  afterEach(() => {
    for (const sentinel of open.splice(0)) sentinel.close();
    fake.stop();
  });

  function sentinelAt(
    port: number,
    options: Partial<SentinelAccess> = {},
    news: () => void = () => undefined,
  ) {
    const access: SentinelAccess = {
      name: 'mymaster',
      secrets: new RedisSecrets(),
      login: undefined,
      ...options,
    };
    const sentinel = new RedisSentinel({ host: '127.0.0.1', port }, access, news);
    open.push(sentinel);
    return sentinel;
  }

  it('tells the master, how recent its word is, and the other sentinels', async () => {
    const sentinel = sentinelAt(fake.port);
    expect(await sentinel.ask()).toEqual({
      master: { host: '127.0.0.1', port: 7 },
      epoch: 3,
      sentinels: [{ host: '127.0.0.1', port: 8 }],
    });
    expect(sentinel.isSilent).toBe(false);
  });

  it('says where a master is reached by the natMap, and asks for no others when told so', async () => {
    const natMap = { '127.0.0.1:7': { host: 'outside', port: 70 } };
    const answer = await sentinelAt(fake.port, { natMap, updateSentinels: false }).ask();
    expect(answer).toEqual({ master: { host: 'outside', port: 70 }, epoch: 3, sentinels: [] });
  });

  it('tells at once of another master that it announces', async () => {
    let told: () => void = () => undefined;
    const sentinel = sentinelAt(fake.port, {}, () => told());
    // It tells when it hears of failovers, as one may have been before.
    await new Promise<void>((resolve) => (told = resolve));
    expect(fake.subscriberCount).toBe(1);
    const news = new Promise<void>((resolve) => (told = resolve));
    fake.belief = { masterPort: 9, epoch: 4 };
    fake.announce();
    await news;
    expect((await sentinel.ask()).master.port).toBe(9);
  });

  it('does not listen where the user does not want it', async () => {
    await sentinelAt(fake.port, { failoverDetector: false }).ask();
    expect(fake.connectionCount).toBe(1);
  });

  it('says who does not answer and why, at once while it is silent', async () => {
    const port = await freePort();
    const sentinel = sentinelAt(port, { failoverDetector: false });
    const refused = new RegExp(`^127\\.0\\.0\\.1:${port}: .*ECONNREFUSED`);
    await expect(sentinel.ask()).rejects.toThrow(refused);
    expect(sentinel.isSilent).toBe(true);
    await expect(sentinel.ask()).rejects.toThrow(refused);
  });

  it('goes on to say that TLS fails while a later handshake takes longer than an answer may', async () => {
    const sockets: Socket[] = [];
    let isMute = false;
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.once('data', () => {
        if (!isMute) socket.end('-ERR this is no TLS');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const sentinel = sentinelAt(port, { sentinelTLS: {}, sentinelCommandTimeout: 50 });
    try {
      const reasonOfAsking = () =>
        sentinel.ask().then(
          () => 'it answered',
          (error: Error) => error.message,
        );
      let first = await reasonOfAsking();
      while (!first.includes('see sentinelTLS')) {
        // One that is silent rejects at once, so the loop must wait for its connections.
        await once(server, 'connection');
        first = await reasonOfAsking();
      }
      isMute = true;
      const before = sockets.length;
      // One that did not answer in time is connected to anew.
      const asking = setInterval(() => void reasonOfAsking(), 10);
      while (sockets.length < before + 3) await once(server, 'connection');
      clearInterval(asking);
      expect(await reasonOfAsking()).toBe(first);
    } finally {
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  });

  it('tells when it answers again', async () => {
    const port = await freePort();
    let told: () => void = () => undefined;
    const sentinel = sentinelAt(port, { failoverDetector: false }, () => told());
    await sentinel.ask().catch(() => undefined);
    const news = new Promise<void>((resolve) => (told = resolve));
    fake.stop();
    fake = await FakeSentinel.start({ masterPort: 7, epoch: 3 }, port);
    await news;
    expect(sentinel.isSilent).toBe(false);
  });
});

import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { RedisSecrets } from '../redis/redis.secrets.js';
import { RoamingConnection } from './roaming.connection.js';

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('RoamingConnection', () => {
  it('leads every attempt to another node than the one that has just failed', async () => {
    const ports = [await closedPort(), await closedPort(), await closedPort()];
    const candidates = ports.map((port) => ({ host: '127.0.0.1', port, isMaster: true }));
    const tried: number[] = [];
    const roaming = await new Promise<RoamingConnection>((resolve) => {
      const connection = new RoamingConnection(
        {
          seeds: candidates,
          connection: { secrets: new RedisSecrets(), login: undefined },
          natMap: undefined,
        },
        { candidates, readAt: () => Promise.reject(new Error('nobody listens')) },
        {
          error: () => {
            tried.push(Number(connection.link.redis.options.port));
            if (tried.length === 6) resolve(connection);
          },
        },
      );
      connection.link.start();
    });
    await roaming.link.close({ graceful: false });
    expect(new Set(tried.slice(0, 3))).toEqual(new Set(ports));
    expect(tried.slice(3)).toEqual(tried.slice(0, 3));
  });
});

import { once } from 'node:events';
import { createServer } from 'node:net';

const FIRST_PORT = 20_000;
const PORT_COUNT = 10_000;

/**
 * A loopback port that nothing listens on.
 *
 * Taken below the range from which systems choose the local port of outgoing connections, so that no client of a
 * neighbouring test grabs it before the caller listens, and low enough for Redis Cluster to add its 10,000.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORT_COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error(
    `No free port between ${FIRST_PORT} and ${FIRST_PORT + PORT_COUNT - 1} after 100 attempts.`,
  );
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

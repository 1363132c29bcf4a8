import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Why nobody can listen there; undefined when it is free.
 *
 * @param {number} port
 * @param {string} host
 * @returns {Promise<string | undefined>}
 */
export async function portProblem(port, host) {
  const server = createServer().listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    return error.code === 'EADDRINUSE' ? 'already in use' : `not available (${error.message})`;
  }
  server.close();
  await once(server, 'close');
  return undefined;
}

/** A loopback port below the range that systems use for outgoing connections, so that none of those takes it first. */
export async function freePort() {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (!(await portProblem(port, '127.0.0.1'))) return port;
  }
  throw new Error('No free port on 127.0.0.1 after 100 attempts.');
}

import { connect as connectPlain } from 'node:net';
import type { NetConnectOpts } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import type { AbstractConnector } from 'ioredis';

export type NetStream = Awaited<ReturnType<AbstractConnector['connect']>>;

/**
 * Opens a connection of which no error escapes. TLS reports alerts of the other side on a socket that was destroyed before,
 * when ioredis has stopped to listen: without a listener that stays they end the process.
 *
 * @param tls `true` where the URL alone asks for TLS
 * @param failed called with the first error
 */
export function openStream(
  address: object,
  tls: ConnectionOptions | boolean | undefined,
  failed: (error: Error) => void,
): NetStream {
  const stream = tls
    ? connectTls({ ...address, ...(tls as ConnectionOptions) })
    : connectPlain(address as NetConnectOpts);
  stream.once('error', failed);
  return stream.on('error', () => undefined);
}

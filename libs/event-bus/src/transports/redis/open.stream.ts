import { connect as connectPlain } from 'node:net';
import type { NetConnectOpts } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import type { AbstractConnector } from 'ioredis';

export type NetStream = Awaited<ReturnType<AbstractConnector['connect']>>;

/**
 * Opens a connection whose errors are always handled. TLS reports alerts of the other side even on a destroyed socket, when
 * ioredis no longer listens: without a permanent listener they end the process.
 *
 * @param tls `true` if only the URL requires TLS
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

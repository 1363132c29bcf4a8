import { BusClosedError, NotConnectedError, reasonOf } from '../../errors.js';
import type { TransportLink } from '../event.transport.js';
import { performance } from '../real.time.js';
import type { RedisConnection } from './redis.connection.js';

/** The part of a connection that is reported. */
export type ReportedConnection = Pick<RedisConnection, 'isUp' | 'proof'>;

/** One connection, as the transport reports it. */
export function reportLink(role: string, { isUp, proof }: ReportedConnection, node?: string): TransportLink {
  return {
    role,
    ...(node === undefined ? {} : { node }),
    isUp,
    ...(proof === undefined ? {} : { provedAgoMs: Math.round(performance.now() - proof.sinceMs) }),
    ...(proof?.roundTripMs === undefined ? {} : { roundTripMs: toMicroseconds(proof.roundTripMs) }),
  };
}

/** The same for connections to the nodes of a Cluster. */
export function reportNodeLinks(
  role: string,
  connections: readonly (ReportedConnection & Pick<RedisConnection, 'address'>)[],
): readonly TransportLink[] {
  return connections.map((connection) => reportLink(role, connection, connection.address));
}

/**
 * Resolves when the server has answered.
 * @throws NotConnectedError, BusClosedError
 */
export async function pingServer(
  connection: Pick<RedisConnection, 'isWritable' | 'ping'>,
  isClosed: boolean,
): Promise<void> {
  if (isClosed) throw new BusClosedError();
  if (!connection.isWritable) throw new NotConnectedError();
  try {
    await connection.ping();
  } catch (error) {
    throw new NotConnectedError(reasonOf(error));
  }
}

function toMicroseconds(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}

import { NotConnectedError, TransportRefusedError, reasonOf } from '../../errors.js';
import type { RedisConnection } from './redis.connection.js';
import { explainRefusal, isReplyError } from './redis.errors.js';

/** SET NX PX: true when nobody holds the key, which is then ours for `ttlMs`. */
export async function claimKey(connection: RedisConnection, key: string, ttlMs: number): Promise<boolean> {
  if (!connection.isWritable) throw new NotConnectedError();
  try {
    return (await connection.redis.set(key, '1', 'PX', ttlMs, 'NX')) === 'OK';
  } catch (error) {
    const cause = connection.causeOf(error);
    if (isReplyError(cause))
      throw new TransportRefusedError(`Redis refused SET: ${explainRefusal(cause)}.`, { cause });
    throw new NotConnectedError(reasonOf(cause));
  }
}

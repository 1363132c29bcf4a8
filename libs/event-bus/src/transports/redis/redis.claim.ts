import { NotConnectedError, TransportRefusedError, reasonOf } from '../../errors.js';
import { unreadable } from './odd.reply.js';
import type { RedisConnection } from './redis.connection.js';
import { explainRefusal, isReplyError } from './redis.errors.js';

/** SET NX PX: true when nobody holds the key, which is then ours for `ttlMs`. */
export async function claimKey(connection: RedisConnection, key: string, ttlMs: number): Promise<boolean> {
  if (!connection.isWritable) throw new NotConnectedError();
  let reply: unknown;
  try {
    reply = await connection.redis.set(key, '1', 'PX', ttlMs, 'NX');
  } catch (error) {
    const cause = connection.causeOf(error);
    if (isReplyError(cause))
      throw new TransportRefusedError(`Redis refused SET: ${explainRefusal(cause)}.`, { cause });
    throw new NotConnectedError(reasonOf(cause));
  }
  if (reply === 'OK') return true;
  if (reply === null) return false;
  throw unreadable('SET', connection.distrust('set'));
}

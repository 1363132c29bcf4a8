import { NotConnectedError, NotSupportedError, TransportRefusedError, reasonOf } from '../../errors.js';
import type { InspectionQuery, InspectionResult } from '../event.transport.js';
import type { RedisConnection } from './redis.connection.js';
import { explainRefusal, isReplyError } from './redis.errors.js';

/** Asks the server with PUBSUB CHANNELS, NUMSUB, NUMPAT, SHARDCHANNELS and SHARDNUMSUB. */
export async function inspectRedis(
  connection: RedisConnection,
  query: InspectionQuery,
): Promise<InspectionResult> {
  if (!connection.isUp) throw new NotConnectedError();
  switch (query.query) {
    case 'channels':
      return { channels: await pubsub<string[]>(connection, 'CHANNELS', query.pattern ?? '*') };
    case 'shardChannels':
      return { channels: await pubsub<string[]>(connection, 'SHARDCHANNELS', query.pattern ?? '*') };
    case 'subscriberCounts':
      return { counts: countsOf(await pubsub<unknown[]>(connection, 'NUMSUB', ...query.channels)) };
    case 'shardSubscriberCounts':
      return { counts: countsOf(await pubsub<unknown[]>(connection, 'SHARDNUMSUB', ...query.channels)) };
    case 'patternCount':
      return { total: Number(await pubsub<number>(connection, 'NUMPAT')) };
  }
}

async function pubsub<T>(connection: RedisConnection, subcommand: string, ...args: string[]): Promise<T> {
  try {
    return (await connection.redis.call('PUBSUB', subcommand, ...args)) as T;
  } catch (error) {
    const cause = connection.causeOf(error);
    if (!isReplyError(cause)) throw new NotConnectedError(reasonOf(cause));
    if (/unknown /i.test(cause.message) && /subcommand/i.test(cause.message)) {
      throw new NotSupportedError(`The server has no PUBSUB ${subcommand}. It needs Redis 7.0.`, { cause });
    }
    throw new TransportRefusedError(`Redis refused PUBSUB ${subcommand}: ${explainRefusal(cause)}.`, {
      cause,
    });
  }
}

/** Redis answers with a flat list: name, count, name, count. */
function countsOf(reply: readonly unknown[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + 1 < reply.length; i += 2) counts.set(String(reply[i]), Number(reply[i + 1]));
  return counts;
}

import type { Redis } from 'ioredis';
import { NotConnectedError, NotSupportedError, TransportRefusedError, reasonOf } from '../../errors.js';
import type { InspectionQuery, InspectionResult } from '../event.transport.js';
import type { RedisConnection } from './redis.connection.js';
import { causeOf, explainRefusal, isReplyError } from './redis.errors.js';

/** Asks the server with PUBSUB CHANNELS, NUMSUB, NUMPAT, SHARDCHANNELS and SHARDNUMSUB. */
export async function inspectRedis(
  connection: RedisConnection,
  query: InspectionQuery,
): Promise<InspectionResult> {
  if (!connection.isUp) throw new NotConnectedError();
  const { redis } = connection;
  switch (query.query) {
    case 'channels':
      return { channels: await pubsub<string[]>(redis, 'CHANNELS', query.pattern ?? '*') };
    case 'shardChannels':
      return { channels: await pubsub<string[]>(redis, 'SHARDCHANNELS', query.pattern ?? '*') };
    case 'subscriberCounts':
      return { counts: countsOf(await pubsub<unknown[]>(redis, 'NUMSUB', ...query.channels)) };
    case 'shardSubscriberCounts':
      return { counts: countsOf(await pubsub<unknown[]>(redis, 'SHARDNUMSUB', ...query.channels)) };
    case 'patternCount':
      return { total: Number(await pubsub<number>(redis, 'NUMPAT')) };
  }
}

async function pubsub<T>(redis: Redis, subcommand: string, ...args: string[]): Promise<T> {
  try {
    return (await redis.call('PUBSUB', subcommand, ...args)) as T;
  } catch (error) {
    const cause = causeOf(error);
    if (!isReplyError(cause)) throw new NotConnectedError(reasonOf(cause));
    if (/unknown .*subcommand/i.test(cause.message)) {
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

import type { Redis } from 'ioredis';
import { NotSupportedError } from '../../errors.js';
import type { InspectionQuery, InspectionResult } from '../event.transport.js';
import { countIn, isTexts } from './odd.reply.js';
import type { RedisConnection } from './redis.connection.js';
import { isReplyError } from './redis.errors.js';
import { askServer } from './server.question.js';

/** Queries the server with PUBSUB CHANNELS, NUMSUB, NUMPAT, SHARDCHANNELS and SHARDNUMSUB. */
export async function inspectRedis(
  connection: RedisConnection,
  query: InspectionQuery,
): Promise<InspectionResult> {
  switch (query.query) {
    case 'channels':
      return { channels: await pubsub(connection, namesIn, 'CHANNELS', query.pattern ?? '*') };
    case 'shardChannels':
      return { channels: await pubsub(connection, namesIn, 'SHARDCHANNELS', query.pattern ?? '*') };
    case 'subscriberCounts':
      return { counts: await pubsub(connection, countsIn, 'NUMSUB', ...query.channels) };
    case 'shardSubscriberCounts':
      return { counts: await pubsub(connection, countsIn, 'SHARDNUMSUB', ...query.channels) };
    case 'patternCount':
      return { total: await pubsub(connection, countIn, 'NUMPAT') };
  }
}

async function pubsub<T>(
  connection: RedisConnection,
  read: (reply: unknown) => T | undefined,
  subcommand: string,
  ...args: string[]
): Promise<T> {
  const name = `PUBSUB ${subcommand}`;
  const send = (redis: Redis) => redis.call('PUBSUB', subcommand, ...args);
  try {
    return await askServer(connection, { name, send, read });
  } catch (error) {
    const { cause } = error as Error;
    const isUnknown =
      isReplyError(cause) && /unknown /i.test(cause.message) && /subcommand/i.test(cause.message);
    if (!isUnknown) throw error;
    throw new NotSupportedError(`The server has no ${name}. It needs Redis 7.0.`, { cause });
  }
}

function namesIn(reply: unknown): string[] | undefined {
  return isTexts(reply) ? reply : undefined;
}

/** Redis answers with a flat list: name, count, name, count. */
function countsIn(reply: unknown): Map<string, number> | undefined {
  if (!Array.isArray(reply) || reply.length % 2 !== 0) return undefined;
  const counts = new Map<string, number>();
  for (let index = 0; index < reply.length; index += 2) {
    const [name, count] = [reply[index] as unknown, countIn(reply[index + 1])];
    if (typeof name !== 'string' || count === undefined) return undefined;
    counts.set(name, count);
  }
  return counts;
}

import { NotConnectedError, NotSupportedError, TransportRefusedError, reasonOf } from '../../errors.js';
import type { InspectionQuery, InspectionResult } from '../event.transport.js';
import { countIn, isTexts, unreadable } from './odd.reply.js';
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
  const answer = read(await replyOf(connection, subcommand, ...args));
  if (answer === undefined) throw unreadable(`PUBSUB ${subcommand}`, connection.distrust('pubsub'));
  return answer;
}

async function replyOf(connection: RedisConnection, subcommand: string, ...args: string[]): Promise<unknown> {
  try {
    return await connection.redis.call('PUBSUB', subcommand, ...args);
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

import { NotConnectedError, TransportRefusedError, reasonOf } from '../../errors.js';
import type { RedisConnection } from './redis.connection.js';
import { explainRefusal, isReplyError } from './redis.errors.js';

/** A command whose answer is awaited. */
export interface ServerQuestion<Answer> {
  /** Its name in words: `PUBSUB NUMSUB`. */
  readonly name: string;
  readonly send: (redis: RedisConnection['redis']) => Promise<unknown>;
  /** Undefined if the reply is not valid. */
  readonly read: (reply: unknown) => Answer | undefined;
}

/** @throws NotConnectedError, TransportRefusedError */
export async function askServer<Answer>(
  connection: RedisConnection,
  { name, send, read }: ServerQuestion<Answer>,
): Promise<Answer> {
  if (!connection.isWritable) throw new NotConnectedError();
  const reply = await send(connection.redis).catch((error: unknown) => {
    const cause = connection.causeOf(error);
    if (!isReplyError(cause)) throw new NotConnectedError(reasonOf(cause));
    throw new TransportRefusedError(`Redis refused ${name}: ${explainRefusal(cause)}.`, { cause });
  });
  const answer = read(reply);
  if (answer !== undefined) return answer;
  const cause = connection.distrust(name.toLowerCase());
  throw new TransportRefusedError(
    `Redis sent an unexpected reply to ${name}: ${cause.message}. Check for a proxy between this service and Redis.`,
    { cause },
  );
}

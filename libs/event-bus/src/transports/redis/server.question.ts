import { NotConnectedError, TransportRefusedError, reasonOf } from '../../errors.js';
import type { RedisConnection } from './redis.connection.js';
import { explainRefusal, isReplyError } from './redis.errors.js';

/** A command that somebody awaits the answer to. */
export interface ServerQuestion<Answer> {
  /** For people: `PUBSUB NUMSUB`. */
  readonly name: string;
  readonly send: (redis: RedisConnection['redis']) => Promise<unknown>;
  /** Undefined where the reply is none. */
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
    `Redis answered ${name} with something else: ${cause.message}. Look at what stands between this service and Redis.`,
    { cause },
  );
}

import type { Redis } from 'ioredis';
import { clearTimeout, setTimeout } from '../real.time.js';
import { streamOf } from './driver.internals.js';

/** A server that does not answer QUIT within this time does not answer earlier publishes either. */
const QUIT_TIMEOUT_MS = 1_000;
/** Longer than `disconnectTimeout`, after which ioredis destroys the socket. Only Sentinel may take longer. */
const END_TIMEOUT_MS = 1_000;

/** Resolves when the commands in flight are settled, or when the server does not answer in time. */
export async function quit(redis: Redis): Promise<void> {
  await within(
    QUIT_TIMEOUT_MS,
    redis.quit().catch(() => undefined),
  );
}

/** Ends the client permanently. Resolves when its socket is closed. */
export async function disconnect(redis: Redis): Promise<void> {
  // In every other status there is no socket, and `end` was possibly emitted already or is never emitted.
  const hasSocket = ['connecting', 'connect', 'ready'].includes(redis.status);
  const ended = new Promise((resolve) => redis.once('end', resolve));
  // ioredis listens for one error of a socket. During a TLS handshake there are two, and the second would end the process.
  if (hasSocket) (streamOf(redis) as Redis['stream'] | undefined)?.on('error', () => undefined);
  redis.disconnect();
  if (hasSocket) await within(END_TIMEOUT_MS, ended);
}

/** Resolves with the promise, or when the time is over. */
async function within(timeoutMs: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([promise, timeout]);
  clearTimeout(timer);
}

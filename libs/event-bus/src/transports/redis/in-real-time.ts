import type { Redis } from 'ioredis';
import { nextTick } from '../real.time.js';

/** Lets a client tell its state when it has one: ioredis waits for a `process.nextTick`, which a test may have faked. */
export function inRealTime(redis: Redis): Redis {
  const driver = redis as unknown as { setStatus: (status: Redis['status'], detail?: unknown) => void };
  driver.setStatus = (status, detail) => {
    redis.status = status;
    nextTick(() => redis.emit(status, detail));
  };
  return redis;
}

import type { Redis } from 'ioredis';
import { nextTick } from '../real.time.js';
import { replaceSetStatus } from './driver.internals.js';

/** Makes a client report its state immediately: ioredis waits for a `process.nextTick`, which a test may have faked. */
export function inRealTime(redis: Redis): Redis {
  replaceSetStatus(redis, (status, detail) => {
    redis.status = status;
    nextTick(() => redis.emit(status, detail));
  });
  return redis;
}

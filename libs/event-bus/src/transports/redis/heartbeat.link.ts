import type { Redis } from 'ioredis';
import { queueOf, streamOf } from './driver.internals.js';
import type { HeartbeatLink } from './redis.heartbeat.js';

/** The current link of a client, as its heartbeat sees it. */
export function heartbeatLink(redis: Redis, owner: Pick<HeartbeatLink, 'ping' | 'blocked'>): HeartbeatLink {
  return {
    get bytesRead() {
      return streamOf(redis).bytesRead;
    },
    get isAwaitingReply() {
      return queueOf(redis).length > 0;
    },
    destroy: (reason) => streamOf(redis).destroy(reason),
    ...owner,
  };
}

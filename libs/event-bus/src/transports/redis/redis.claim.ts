import type { RedisConnection } from './redis.connection.js';
import { askServer } from './server.question.js';

/** SET NX PX: true if the key was free; it is then ours for `ttlMs`. */
export function claimKey(connection: RedisConnection, key: string, ttlMs: number): Promise<boolean> {
  return askServer(connection, {
    name: 'SET',
    send: (redis) => redis.set(key, '1', 'PX', ttlMs, 'NX'),
    read: (reply) => (reply === null || reply === 'OK' ? reply === 'OK' : undefined),
  });
}

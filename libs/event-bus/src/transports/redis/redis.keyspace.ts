import type { KeyspaceFlags, KeyspaceNotifications } from '../event.transport.js';
import type { RedisConnection } from './redis.connection.js';
import { askServer } from './server.question.js';

const SETTING = 'notify-keyspace-events';

/** CONFIG GET and CONFIG SET of one server. */
export class RedisKeyspace implements KeyspaceNotifications {
  constructor(private readonly connection: RedisConnection) {}

  async read(): Promise<readonly KeyspaceFlags[]> {
    const flags = await askServer(this.connection, {
      name: 'CONFIG GET',
      send: (redis) => redis.call('CONFIG', 'GET', SETTING),
      read: flagsIn,
    });
    return [{ node: this.connection.address, flags }];
  }

  async write({ flags }: KeyspaceFlags): Promise<void> {
    await askServer(this.connection, {
      name: 'CONFIG SET',
      send: (redis) => redis.call('CONFIG', 'SET', SETTING, flags),
      read: () => true,
    });
  }
}

/** A list of names and values or, in RESP3, a map. Empty if the server does not return the setting. */
function flagsIn(reply: unknown): string | undefined {
  if (typeof reply !== 'object' || reply === null) return undefined;
  const flags: unknown = Array.isArray(reply) ? reply[1] : (reply as Record<string, unknown>)[SETTING];
  if (flags === undefined && Object.keys(reply).length === 0) return '';
  return typeof flags === 'string' ? flags : undefined;
}

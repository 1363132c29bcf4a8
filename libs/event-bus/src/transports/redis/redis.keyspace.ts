import { NotConnectedError, TransportRefusedError, reasonOf } from '../../errors.js';
import type { KeyspaceFlags, KeyspaceNotifications } from '../event.transport.js';
import type { RedisConnection } from './redis.connection.js';
import { explainRefusal, isReplyError } from './redis.errors.js';

const SETTING = 'notify-keyspace-events';

/** CONFIG GET and CONFIG SET of one server. */
export class RedisKeyspace implements KeyspaceNotifications {
  constructor(private readonly connection: RedisConnection) {}

  async read(): Promise<readonly KeyspaceFlags[]> {
    const reply = await this.config('GET', SETTING);
    return [{ node: this.connection.address, flags: flagsIn(reply) }];
  }

  async write({ flags }: KeyspaceFlags): Promise<void> {
    await this.config('SET', SETTING, flags);
  }

  private async config(subcommand: 'GET' | 'SET', ...args: string[]): Promise<unknown> {
    if (!this.connection.isUp) throw new NotConnectedError();
    try {
      return await this.connection.redis.call('CONFIG', subcommand, ...args);
    } catch (error) {
      const cause = this.connection.causeOf(error);
      if (!isReplyError(cause)) throw new NotConnectedError(reasonOf(cause));
      throw new TransportRefusedError(`Redis refused CONFIG ${subcommand}: ${explainRefusal(cause)}.`, {
        cause,
      });
    }
  }
}

/** A list of names and values, or, in RESP3, a map. */
function flagsIn(reply: unknown): string {
  const flags: unknown = Array.isArray(reply)
    ? reply[1]
    : (reply as Record<string, unknown> | null)?.[SETTING];
  return typeof flags === 'string' ? flags : '';
}

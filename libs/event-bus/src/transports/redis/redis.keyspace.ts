import { NotConnectedError, TransportRefusedError, reasonOf } from '../../errors.js';
import type { KeyspaceFlags, KeyspaceNotifications } from '../event.transport.js';
import { unreadable } from './odd.reply.js';
import type { RedisConnection } from './redis.connection.js';
import { explainRefusal, isReplyError } from './redis.errors.js';

const SETTING = 'notify-keyspace-events';

/** CONFIG GET and CONFIG SET of one server. */
export class RedisKeyspace implements KeyspaceNotifications {
  constructor(private readonly connection: RedisConnection) {}

  async read(): Promise<readonly KeyspaceFlags[]> {
    const reply = await this.config('GET', SETTING);
    const flags = flagsIn(reply);
    if (flags === undefined) throw unreadable('CONFIG GET', this.connection.distrust('config'));
    return [{ node: this.connection.address, flags }];
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

/** A list of names and values, or, in RESP3, a map. Empty where the server does not tell. */
function flagsIn(reply: unknown): string | undefined {
  if (typeof reply !== 'object' || reply === null) return undefined;
  const flags: unknown = Array.isArray(reply) ? reply[1] : (reply as Record<string, unknown>)[SETTING];
  if (flags === undefined && Object.keys(reply).length === 0) return '';
  return typeof flags === 'string' ? flags : undefined;
}

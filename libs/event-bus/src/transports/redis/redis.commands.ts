import type { Redis } from 'ioredis';
import { commandOf, queueOf } from './driver.internals.js';
import { causeOf, isNothingSubscribed } from './redis.errors.js';
import type { RedisSecrets } from './redis.secrets.js';
import { RedisSlotMoves } from './redis.slot-moves.js';
import { SubscriberMode } from './subscriber.mode.js';

/** Sends commands on one client of ioredis, and handles each answer in stream order. */
export class RedisCommands {
  private readonly slotMoves: RedisSlotMoves;
  private readonly subscriberMode: SubscriberMode;

  constructor(
    private readonly redis: Redis,
    private readonly secrets: RedisSecrets,
    /** Called in stream order when a Cluster node has unsubscribed this shard channel without a request. */
    unsubscribed: (shardChannel: string) => void,
  ) {
    this.slotMoves = new RedisSlotMoves(() => queueOf(redis), unsubscribed);
    this.subscriberMode = new SubscriberMode(redis, (noted) => this.slotMoves.watch(noted));
    redis.on('moved', () => this.slotMoves.answerMoved());
  }

  /**
   * Sends one command. `answered` is called in stream order, before any message that the server sent after the reply; a promise
   * would only resolve after the rest of the chunk was parsed.
   */
  async send(name: string, args: readonly string[], answered: (reply: unknown) => void): Promise<void> {
    const command = commandOf(name, [...args], 'utf8');
    this.slotMoves.expect(command);
    const { resolve, reject } = command;
    command.resolve = (reply) => {
      this.subscriberMode.keep();
      answered(reply);
      resolve(reply);
    };
    command.reject = (error) => {
      // Valkey 8.0 answers with this error, other servers with a count.
      if (isNothingSubscribed(error)) command.resolve(0);
      else reject(error);
    };
    try {
      await this.redis.sendCommand(command);
    } catch (error) {
      throw causeOf(error, this.secrets);
    }
  }

  /**
   * Sends one command, and resolves with its reply, with text as Buffers.
   *
   * @throws the error of ioredis, for `causeOf`
   */
  call(name: string, args: (string | Buffer)[]): Promise<unknown> {
    const command = commandOf(name, args, null);
    this.redis.sendCommand(command);
    return command.promise;
  }

  /** The connection is lost, with all its subscriptions. */
  reset(): void {
    this.subscriberMode.leave();
  }
}

import { Command } from 'ioredis';
import type { CommandQueue } from './driver.internals.js';

interface DriverSubscriptions {
  del(replyType: string, name: string): void;
}

/** ioredis received an answer without a command: from now on answers do not match commands. */
export function isOutOfStep(error: Error): boolean {
  return error.message.startsWith('Command queue state error');
}

/**
 * Reads the messages of a Cluster node when a slot leaves it, which ioredis does not distinguish from answers:
 *
 * - it sends `sunsubscribe` without a request. ioredis 5 takes it for the answer to the next command; ioredis 6 does not report
 *   the channel, and may do the same as 5;
 * - it answers SSUBSCRIBE with MOVED. ioredis 5 then never settles the command.
 */
export class RedisSlotMoves {
  /** SSUBSCRIBE commands without an answer, in the order in which they were sent. */
  private readonly asked = new Set<Command>();
  private watched: DriverSubscriptions | undefined;

  constructor(
    private readonly queue: () => CommandQueue,
    /** Called in stream order when the node has unsubscribed this shard channel without a request. */
    private readonly unsubscribed: (name: string) => void,
  ) {}

  /** This command is about to be sent. */
  expect(command: Command): void {
    if (command.name !== 'ssubscribe') return;
    this.asked.add(command);
    const settled = () => this.asked.delete(command);
    command.promise.then(settled, settled);
  }

  /** For `moved`, which ioredis 5 emits instead of an answer, and 6 in addition to one. */
  answerMoved(): void {
    const waiting = new Set(
      this.queue()
        .toArray()
        .map(({ command }) => command),
    );
    const [answered] = [...this.asked].filter((command) => !waiting.has(command));
    if (answered === undefined) return;
    // The driver's own answer contains the address, and arrives first.
    void Promise.resolve().then(() =>
      answered.reject(Object.assign(new Error('MOVED '), { name: 'ReplyError' })),
    );
  }

  /** @param subscriptions the driver's record of its subscriptions; a new one for each connection */
  watch(subscriptions: unknown): void {
    if (!isSubscriptions(subscriptions) || subscriptions === this.watched) return;
    this.watched = subscriptions;
    const del = subscriptions.del.bind(subscriptions);
    subscriptions.del = (replyType, name) => {
      del(replyType, name);
      if (replyType === 'sunsubscribe' && !this.isAskedFor(name)) this.departed(name);
    };
  }

  private isAskedFor(name: string): boolean {
    const command = this.queue().peekFront()?.command;
    return command?.name === 'sunsubscribe' && command.args.includes(name);
  }

  private departed(name: string): void {
    // A replacement command for the driver to answer, instead of the real one.
    this.queue().unshift({
      command: new Command('sunsubscribe', [name]),
      stream: 'socket',
      select: 0,
    });
    this.unsubscribed(name);
  }
}

function isSubscriptions(value: unknown): value is DriverSubscriptions {
  return typeof value === 'object' && value !== null && 'del' in value && typeof value.del === 'function';
}

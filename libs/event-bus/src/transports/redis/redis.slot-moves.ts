import { Command } from 'ioredis';
import type { CommandQueue } from './driver.internals.js';

interface DriverSubscriptions {
  del(replyType: string, name: string): void;
}

/** ioredis has got an answer and nothing that was asked: answers and commands do not belong together any more. */
export function isOutOfStep(error: Error): boolean {
  return error.message.startsWith('Command queue state error');
}

/**
 * Reads what a node of a Cluster says when a slot leaves it, which ioredis does not tell apart from answers:
 *
 * - it sends `sunsubscribe` without being asked. ioredis 5 takes that for the answer to the next command, ioredis 6 names no
 *   channel and may do as 5 does;
 * - it answers SSUBSCRIBE with MOVED. ioredis 5 never settles the command then.
 */
export class RedisSlotMoves {
  /** SSUBSCRIBE commands without an answer, in the order in which they were sent. */
  private readonly asked = new Set<Command>();
  private watched: DriverSubscriptions | undefined;

  constructor(
    private readonly queue: () => CommandQueue,
    /** Called at the place of the byte stream where the node has unsubscribed this shard channel by itself. */
    private readonly unsubscribed: (name: string) => void,
  ) {}

  /** This command is about to be sent. */
  expect(command: Command): void {
    if (command.name !== 'ssubscribe') return;
    this.asked.add(command);
    const settled = () => this.asked.delete(command);
    command.promise.then(settled, settled);
  }

  /** For `moved`, which ioredis 5 emits instead of an answer, and 6 together with one. */
  answerMoved(): void {
    const waiting = new Set(
      this.queue()
        .toArray()
        .map(({ command }) => command),
    );
    const [answered] = [...this.asked].filter((command) => !waiting.has(command));
    if (answered === undefined) return;
    // The driver's own answer says where to, and comes first.
    void Promise.resolve().then(() =>
      answered.reject(Object.assign(new Error('MOVED '), { name: 'ReplyError' })),
    );
  }

  /** @param subscriptions what the driver notes its subscriptions in; a new one for each connection */
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
    // Something for the driver to answer, instead of what was really asked.
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

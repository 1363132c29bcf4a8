import type { Redis } from 'ioredis';
import driver from 'ioredis/built/DataHandler.js';
import { OddReplyError, countIn } from './odd.reply.js';
import type { SlotDriver } from './redis.slot-moves.js';

/** What ioredis reads a connection with, as far as it concerns us. */
interface ReplyReader {
  returnReply(reply: unknown): void;
  returnError(error: Error): void;
  /** Of ioredis 6: what RESP3 sends without being asked. */
  returnPush?(reply: unknown): void;
}

interface ReaderOptions {
  readonly stringNumbers?: boolean | undefined;
  readonly replyMapping?: unknown;
}

interface GuardedDriver extends SlotDriver {
  readonly condition: { readonly replyMapping?: unknown };
}

const { default: DriverReader } = driver as unknown as {
  default: { new (redis: Redis, options: ReaderOptions): ReplyReader; readonly prototype: ReplyReader };
};

/** Connections are read with the ioredis that is found here, whatever copy their client is of: version 5 reads RESP2 alone. */
export const READS_RESP3 = 'returnPush' in DriverReader.prototype;

const CONFIRMATION = /^[ps]?(un)?subscribe$/;
const MESSAGE = /^[ps]?message$/;

/**
 * Reads what one connection of ioredis receives, in place of ioredis' own reader, which throws at an odd reply where nobody
 * can catch it.
 *
 * @param odd called with the first odd one. Nothing is read after it.
 */
export function guardReplies(redis: Redis, odd: (error: Error) => void): void {
  const { stream } = redis;
  replaceListener(stream, () => undefined);
  const { condition } = redis as unknown as GuardedDriver;
  let isOdd = false;
  const found = (error: Error) => {
    if (isOdd) return;
    isOdd = true;
    odd(error);
  };
  const options = { stringNumbers: redis.options.stringNumbers, replyMapping: condition.replyMapping };
  new ReplyGuard(redis, options, found);
  replaceListener(stream, (read) => (bytes) => {
    if (isOdd) return;
    try {
      read(bytes);
    } catch (error) {
      found(new OddReplyError('anything', { cause: error }));
    }
  });
}

type Read = (bytes: Buffer) => void;

/** The one that comes first is the reader's. */
function replaceListener(stream: Redis['stream'], replace: (read: Read) => Read | undefined): void {
  const [read] = stream.listeners('data') as Read[];
  if (read === undefined) return;
  stream.off('data', read);
  const other = replace(read);
  if (other !== undefined) stream.prependListener('data', other);
}

class ReplyGuard extends DriverReader {
  private readonly driver: SlotDriver;
  /** That waits for confirmations, and the names in it. */
  private awaited: { readonly command: unknown; readonly names: ReadonlySet<string> } | undefined;

  constructor(
    redis: Redis,
    options: ReaderOptions,
    private readonly odd: (error: Error) => void,
  ) {
    super(redis, options);
    this.driver = redis as unknown as SlotDriver;
  }

  override returnReply(reply: unknown): void {
    try {
      this.check(reply);
      super.returnReply(reply);
    } catch (error) {
      this.failed(error);
    }
  }

  override returnPush(reply: unknown): void {
    try {
      this.check(reply);
      super.returnPush?.(reply);
    } catch (error) {
      this.failed(error);
    }
  }

  override returnError(error: Error): void {
    try {
      super.returnError(error);
    } catch (thrown) {
      this.failed(thrown);
    }
  }

  private failed(error: unknown): void {
    this.odd(error instanceof OddReplyError ? error : new OddReplyError('anything', { cause: error }));
  }

  /** Of what can be told from the command that waits: the rest is checked by who has asked. */
  private check(reply: unknown): void {
    if (this.driver.commandQueue.length === 0) return;
    const command = this.driver.commandQueue.peekFront()?.command;
    if (command === undefined) return;
    const asked = command.name.toLowerCase();
    if (!CONFIRMATION.test(asked)) return;
    if (this.awaited?.command !== command)
      this.awaited = { command, names: new Set(command.args.map(String)) };
    if (!isAnswerTo(asked, this.awaited.names, reply)) throw new OddReplyError(asked);
  }
}

/** Or one of the messages that come in between. */
function isAnswerTo(asked: string, names: ReadonlySet<string>, reply: unknown): boolean {
  if (!Array.isArray(reply)) return false;
  const [kind, name, count] = reply as unknown[];
  const said = String(kind);
  // A node of a Cluster says this of itself when a slot leaves it.
  if (MESSAGE.test(said) || (said === 'sunsubscribe' && asked !== said)) return true;
  if (said !== asked || reply.length !== 3) return false;
  const counted = countIn(count);
  if (counted === undefined || (counted === 0 && !asked.includes('un'))) return false;
  return names.size === 0 || (Buffer.isBuffer(name) && names.has(name.toString()));
}

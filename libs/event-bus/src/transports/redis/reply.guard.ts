import type { Redis } from 'ioredis';
import { DriverReader, queueOf, readerOptionsOf, streamOf } from './driver.internals.js';
import type { CommandQueue, ReplyReaderSettings } from './driver.internals.js';
import type { MessageInlet } from './message.inlet.js';
import { OddReplyError, countIn } from './odd.reply.js';

/** Connections are read with the ioredis found here, whichever copy their client is from: version 5 only reads RESP2. */
export const READS_RESP3 = 'returnPush' in DriverReader.prototype;

const CONFIRMATION = /^[ps]?(un)?subscribe$/;
const MESSAGE = /^[ps]?message$/;

/**
 * Reads the data of one connection of ioredis, in place of ioredis' own reader, which throws at an odd reply where the error
 * cannot be caught.
 *
 * @param odd called with the first odd one. Nothing is read after it.
 * @param inlet reads messages before ioredis does
 */
export function guardReplies(redis: Redis, odd: (error: Error) => void, inlet?: MessageInlet): void {
  const stream = streamOf(redis);
  replaceListener(stream, () => undefined);
  let isOdd = false;
  const found = (error: Error) => {
    if (isOdd) return;
    isOdd = true;
    odd(error);
  };
  new ReplyGuard(redis, readerOptionsOf(redis), found);
  replaceListener(stream, (readReplies) => {
    const read = inlet === undefined ? readReplies : inlet.before(redis, readReplies, () => isOdd);
    return (bytes) => {
      if (isOdd) return;
      try {
        read(bytes);
      } catch (error) {
        found(error instanceof OddReplyError ? error : new OddReplyError('anything', { cause: error }));
      }
    };
  });
}

type Read = (bytes: Buffer) => void;

/** The first listener is that of the reader. */
function replaceListener(stream: Redis['stream'], replace: (read: Read) => Read | undefined): void {
  const [read] = stream.listeners('data') as Read[];
  if (read === undefined) return;
  stream.off('data', read);
  const other = replace(read);
  if (other !== undefined) stream.prependListener('data', other);
}

class ReplyGuard extends DriverReader {
  /** Differs from the one before the link: the driver has made it when the first reply arrives. */
  private queue: CommandQueue | undefined;
  /** The command that waits for confirmations, and its names. */
  private awaited: { readonly command: unknown; readonly names: ReadonlySet<string> } | undefined;

  constructor(
    private readonly client: Redis,
    options: ReplyReaderSettings,
    private readonly odd: (error: Error) => void,
  ) {
    super(client, options);
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

  /** Checks what the pending command shows: the caller checks the rest. */
  private check(reply: unknown): void {
    this.queue ??= queueOf(this.client);
    if (this.queue.length === 0) return;
    const command = this.queue.peekFront()?.command;
    if (command === undefined) return;
    const asked = command.name.toLowerCase();
    if (!CONFIRMATION.test(asked)) return;
    if (this.awaited?.command !== command)
      this.awaited = { command, names: new Set(command.args.map(String)) };
    if (!isAnswerTo(asked, this.awaited.names, reply)) throw new OddReplyError(asked);
  }
}

/** Also true for a message between the answers. */
function isAnswerTo(asked: string, names: ReadonlySet<string>, reply: unknown): boolean {
  if (!Array.isArray(reply)) return false;
  const [kind, name, count] = reply as unknown[];
  const said = String(kind);
  // A Cluster node sends this without a request when a slot leaves it.
  if (MESSAGE.test(said) || (said === 'sunsubscribe' && asked !== said)) return true;
  if (said !== asked || reply.length !== 3) return false;
  const counted = countIn(count);
  if (counted === undefined || (counted === 0 && !asked.includes('un'))) return false;
  return names.size === 0 || (Buffer.isBuffer(name) && names.has(name.toString()));
}

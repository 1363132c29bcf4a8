import type { Command, Redis } from 'ioredis';
import type { CommandSeries } from './command.series.js';
import { isSeries } from './command.series.js';
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

/** A command that waits for confirmations: its name in lower case, and its arguments. */
interface Awaited {
  readonly command: unknown;
  readonly asked: string;
  readonly names: ReadonlySet<string>;
}

class ReplyGuard extends DriverReader {
  /** Differs from the one before the link: the driver has made it when the first reply arrives. */
  private queue: CommandQueue | undefined;
  /** The rest of the chunk is not read either. */
  private isOdd = false;
  private awaited: Awaited | undefined;

  constructor(
    private readonly client: Redis,
    options: ReplyReaderSettings,
    private readonly odd: (error: Error) => void,
  ) {
    super(client, options);
  }

  override returnReply(reply: unknown): void {
    if (this.isOdd) return;
    try {
      const pending = this.pending();
      if (pending !== undefined) {
        if (isSeries(pending)) return this.passOn(pending, reply);
        this.check(reply, pending);
      }
      super.returnReply(reply);
    } catch (error) {
      this.failed(error);
    }
  }

  override returnPush(reply: unknown): void {
    if (this.isOdd) return;
    try {
      const pending = this.pending();
      if (pending !== undefined) this.check(reply, pending);
      super.returnPush?.(reply);
    } catch (error) {
      this.failed(error);
    }
  }

  override returnError(error: Error): void {
    if (this.isOdd) return;
    try {
      const pending = this.pending();
      if (pending !== undefined && isSeries(pending)) this.replace(pending);
      super.returnError(error);
    } catch (thrown) {
      this.failed(thrown);
    }
  }

  private failed(error: unknown): void {
    this.isOdd = true;
    this.odd(error instanceof OddReplyError ? error : new OddReplyError('anything', { cause: error }));
  }

  /** The command that the next reply answers. */
  private pending(): Command | undefined {
    this.queue ??= queueOf(this.client);
    return this.queue.peekFront()?.command;
  }

  private passOn(series: CommandSeries, reply: unknown): void {
    if (series.answeredCount + 1 === series.length) this.queue?.shift();
    series.replied(reply);
  }

  /** Puts the refused command of a series in front, for the driver to answer. */
  private replace(series: CommandSeries): void {
    const entry = this.queue?.peekFront();
    if (entry === undefined) return;
    if (series.answeredCount + 1 === series.length) this.queue?.shift();
    this.queue?.unshift({ ...entry, command: series.refused() });
  }

  /** Checks what the pending command shows: the caller checks the rest. */
  private check(reply: unknown, command: Command): void {
    let { awaited } = this;
    // A command for hundreds of channels has a confirmation for each.
    if (awaited?.command !== command) {
      const asked = command.name.toLowerCase();
      if (!CONFIRMATION.test(asked)) return;
      awaited = { command, asked, names: new Set(command.args.map(String)) };
      this.awaited = awaited;
    }
    if (!isAnswerTo(awaited, reply)) throw new OddReplyError(awaited.asked);
  }
}

/** Also true for a message between the answers. */
function isAnswerTo({ asked, names }: Awaited, reply: unknown): boolean {
  if (!Array.isArray(reply)) return false;
  const [kind, name, count] = reply as unknown[];
  const said = String(kind);
  // A Cluster node sends sunsubscribe without a request when a slot leaves it.
  if (said !== asked) return said === 'sunsubscribe' || MESSAGE.test(said);
  if (reply.length !== 3) return false;
  const counted = countIn(count);
  if (counted === undefined || (counted === 0 && !asked.includes('un'))) return false;
  return names.size === 0 || (Buffer.isBuffer(name) && names.has(name.toString()));
}

import { Command } from 'ioredis';
import type { MessageBody, OutgoingMessage, SettledListener } from '../event.transport.js';
import type { CommandSeries } from './command.series.js';
import { commandOf } from './driver.internals.js';
import { OddReplyError, countIn } from './odd.reply.js';
import type { PublishAnswers } from './publish.answers.js';
import type { PublishLink } from './redis.publisher.js';

const HEADS: Readonly<Record<OutgoingMessage['kind'], string>> = {
  channel: '*3\r\n$7\r\npublish\r\n$',
  shard: '*3\r\n$8\r\nspublish\r\n$',
};

interface SentMessage {
  readonly message: OutgoingMessage;
  readonly body: MessageBody;
  readonly index: number;
  readonly settled: SettledListener;
}

/** Messages that are written at once, in order: each is a PUBLISH or SPUBLISH of its own, and is settled by its own answer. */
export class PublishPipeline extends Command implements CommandSeries {
  answeredCount = 0;
  /** The size of what is written, without the names of the commands. */
  bytes = 0;
  private readonly sent: SentMessage[] = [];
  /** What is written, behind `chunks`. */
  private text = '';
  private readonly chunks: Buffer[] = [];
  private isLost = false;

  constructor(private readonly answers: PublishAnswers) {
    super('publish', [], { replyEncoding: null });
    this.promise.catch((error: unknown) => this.lose(error));
  }

  get length(): number {
    return this.sent.length;
  }

  add(message: OutgoingMessage, body: MessageBody, index: number, settled: SettledListener): void {
    const { kind, channel } = message;
    const isText = typeof body === 'string';
    const bytes = isText ? Buffer.byteLength(body) : body.length;
    this.bytes += bytes + channel.length;
    this.text += `${HEADS[kind]}${Buffer.byteLength(channel)}\r\n${channel}\r\n$${bytes}\r\n`;
    if (isText) this.text += `${body}\r\n`;
    else {
      this.chunks.push(Buffer.from(this.text), body);
      this.text = '\r\n';
    }
    this.sent.push({ message, body, index, settled });
  }

  /** Writes all of them. Call it once. An instrumentation of the client may throw, or return a promise of its own. */
  send(redis: PublishLink['redis']): void {
    try {
      const sent = redis.sendCommand(this);
      if (sent !== this.promise) Promise.resolve(sent).catch(() => undefined);
    } catch (error) {
      this.reject(error as Error);
    }
  }

  /** Of ioredis 6, whose client may get it while ours is 5. The answers have one form in all contexts. */
  override setReplyContext(): void {
    // There is nothing to set.
  }

  /** Call it once. */
  override toWritable(): string | Buffer {
    const { text, chunks } = this;
    this.text = '';
    return chunks.length === 0 ? text : Buffer.concat([...chunks.splice(0), Buffer.from(text)]);
  }

  replied(reply: unknown): void {
    const count = countIn(reply);
    if (count === undefined) {
      const error = new OddReplyError('publish');
      this.reject(error);
      throw error;
    }
    const { index, settled } = this.next();
    if (!this.isLost) settled(index, this.answers.accepted(count));
  }

  refused(): Command {
    const { message, body, index, settled } = this.next();
    const { kind, channel } = message;
    const command = commandOf(kind === 'shard' ? 'spublish' : 'publish', [channel, body], null);
    const settle = this.isLost ? () => undefined : settled;
    command.promise.then(
      // The application's `reconnectOnError` made the driver send it again.
      (reply: unknown) => settle(index, this.answers.replied(channel, reply)),
      (error: unknown) => settle(index, this.answers.failed(channel, error)),
    );
    return command;
  }

  private next(): SentMessage {
    const sent = this.sent[this.answeredCount] as SentMessage;
    this.answeredCount += 1;
    if (this.answeredCount === this.sent.length) this.resolve(null);
    return sent;
  }

  /** Its publishers hear of no further answer. */
  private lose(error: unknown): void {
    this.isLost = true;
    for (const { message, index, settled } of this.sent.slice(this.answeredCount))
      settled(index, this.answers.failed(message.channel, error));
  }
}

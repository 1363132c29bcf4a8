import { NotConnectedError, PublishBufferFullError } from '../../errors.js';
import type { MessageBody, OutgoingMessage, PublishBatching, SettledListener } from '../event.transport.js';
import { PublishAnswers } from './publish.answers.js';
import type { RedisConnection } from './redis.connection.js';
import { ScriptFlight } from './script.flight.js';
import { ScriptSender } from './script.sender.js';

/**
 * The limit for unsent data of a server that does not read: memory stays bounded until the heartbeat ends the link. A burst
 * that a healthy server has not read yet counts as well.
 */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024;

/** The part of the connection that publishing needs. */
export interface PublishLink extends Pick<RedisConnection, 'call' | 'causeOf' | 'distrust'> {
  /** Set when it has accepted a message. */
  isProved: boolean;
  readonly redis: {
    publish(channel: string, body: MessageBody): Promise<unknown>;
    spublish(channel: string, body: MessageBody): Promise<unknown>;
  };
  /** Identifies the current link: different for each link. */
  readonly socket: PublishSocket | undefined;
}

export interface PublishSocket {
  readonly writable: boolean;
  readonly writableLength: number;
  cork(): void;
  uncork(): void;
  on(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
}

/**
 * Sends messages in order: one as PUBLISH or SPUBLISH, several at once through {@link ScriptSender}. Writes until the socket is
 * full.
 */
export class RedisPublisher {
  private readonly answers: PublishAnswers;
  private readonly flight = new ScriptFlight();
  private readonly scripts: ScriptSender;
  private isAwaitingDrain = false;

  constructor(
    private readonly link: PublishLink,
    /** Called when the socket has sent its buffered data. */
    private readonly writable: () => void,
  ) {
    this.answers = new PublishAnswers(link);
    this.scripts = new ScriptSender(link, this, this.answers, this.flight);
  }

  get batching(): PublishBatching {
    return this.scripts.batching;
  }

  /** @param settled called once for each message, possibly before this returns */
  publish(messages: readonly OutgoingMessage[], settled: SettledListener): void {
    const [message] = messages;
    if (message === undefined) return;
    if (messages.length === 1 && this.flight.pending === 0) this.send(message, 0, settled);
    else this.scripts.send(messages, settled);
  }

  /** As a separate command, which cannot overtake anything. */
  send(message: OutgoingMessage, index: number, settled: SettledListener): void {
    const body = this.take(message);
    if (typeof body === 'object' && 'error' in body) settled(index, body);
    else this.write(message, body, index, settled);
  }

  /** The bytes of a message, or the reason why it cannot be sent. */
  take({ body }: OutgoingMessage): MessageBody | { readonly error: Error } {
    const hindrance = this.hindrance();
    if (hindrance !== undefined) return { error: hindrance };
    if (typeof body !== 'function') return body;
    try {
      return body();
    } catch (error) {
      return { error: error as Error };
    }
  }

  /** Why nothing can be written right now: checked before the body is made. */
  hindrance(): NotConnectedError | PublishBufferFullError | undefined {
    const { socket } = this.link;
    if (socket?.writable !== true) return new NotConnectedError();
    if (socket.writableLength <= MAX_UNSENT_BYTES) return undefined;
    this.awaitDrain(socket);
    return new PublishBufferFullError('64 MiB');
  }

  write(
    { kind, channel }: OutgoingMessage,
    body: MessageBody,
    index: number,
    settled: SettledListener,
  ): void {
    const { redis } = this.link;
    const answer = kind === 'shard' ? redis.spublish(channel, body) : redis.publish(channel, body);
    answer.then(
      (reply: unknown) => settled(index, this.answers.replied(channel, reply)),
      (error: unknown) => settled(index, this.answers.failed(channel, error)),
    );
  }

  private awaitDrain(socket: PublishSocket): void {
    if (this.isAwaitingDrain) return;
    this.isAwaitingDrain = true;
    const settled = () => {
      socket.off('drain', settled);
      socket.off('close', settled);
      this.isAwaitingDrain = false;
      if (this.link.socket?.writable) this.writable();
    };
    socket.on('drain', settled);
    socket.on('close', settled);
  }
}

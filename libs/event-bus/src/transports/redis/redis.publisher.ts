import type { Command } from 'ioredis';
import { NotConnectedError, PublishBufferFullError } from '../../errors.js';
import type { OutgoingMessage, SettledListener } from '../event.transport.js';
import { PublishAnswers } from './publish.answers.js';
import { PublishPipeline } from './publish.pipeline.js';
import type { RedisConnection } from './redis.connection.js';

/**
 * The limit for unsent data of a server that does not read: memory stays bounded until the heartbeat ends the link. A burst
 * that a healthy server has not read yet counts as well.
 */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024;
/** More is several writes: what is written is one string first. */
const MAX_WRITE_BYTES = 64 * 1024;

/** The part of the connection that publishing needs. */
export interface PublishLink extends Pick<RedisConnection, 'causeOf' | 'distrust'> {
  /** Set when it has accepted a message. */
  isProved: boolean;
  readonly redis: { sendCommand(command: Command): unknown };
  /** Identifies the current link: different for each link. */
  readonly socket: PublishSocket | undefined;
}

export interface PublishSocket {
  readonly writable: boolean;
  readonly writableLength: number;
  on(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
}

/** Sends messages in order, each as a PUBLISH or SPUBLISH, and several in one write. Writes until the socket is full. */
export class RedisPublisher {
  private readonly answers: PublishAnswers;
  /** What is written next. */
  private pipeline: PublishPipeline | undefined;
  private isCorked = false;
  private isAwaitingDrain = false;

  constructor(
    private readonly link: PublishLink,
    /** Called when the socket has sent its buffered data. */
    private readonly writable: () => void,
  ) {
    this.answers = new PublishAnswers(link);
  }

  /** @param settled called once for each message, possibly before this returns */
  publish(messages: readonly OutgoingMessage[], settled: SettledListener): void {
    for (let index = 0; index < messages.length; index += 1)
      this.add(messages[index] as OutgoingMessage, index, settled);
    if (this.isCorked) return;
    const { pipeline } = this;
    this.pipeline = undefined;
    pipeline?.send(this.link.redis);
  }

  /** What is published from now on is written by {@link uncork}. */
  cork(): void {
    this.isCorked = true;
  }

  uncork(): void {
    this.isCorked = false;
    this.write();
  }

  private add(message: OutgoingMessage, index: number, settled: SettledListener): void {
    // Nothing changes between the messages of one write.
    const hindrance = this.pipeline === undefined ? this.hindrance() : undefined;
    if (hindrance !== undefined) return settled(index, { error: hindrance });
    let { body } = message;
    try {
      if (typeof body === 'function') body = body();
    } catch (error) {
      return settled(index, { error: error as Error });
    }
    this.pipeline ??= new PublishPipeline(this.answers);
    this.pipeline.add(message, body, index, settled);
    if (this.pipeline.bytes >= MAX_WRITE_BYTES) this.write();
  }

  private write(): void {
    const { pipeline } = this;
    this.pipeline = undefined;
    pipeline?.send(this.link.redis);
  }

  /** Why nothing can be written right now: checked before the body is made. */
  private hindrance(): NotConnectedError | PublishBufferFullError | undefined {
    const { socket } = this.link;
    if (socket?.writable !== true) return new NotConnectedError();
    if (socket.writableLength <= MAX_UNSENT_BYTES) return undefined;
    this.awaitDrain(socket);
    return new PublishBufferFullError('64 MiB');
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

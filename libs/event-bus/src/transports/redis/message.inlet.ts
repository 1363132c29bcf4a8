import type { Redis } from 'ioredis';
import type { MessageSettings } from '../event.transport.js';
import { speaksResp3, subscriptionsOf } from './driver.internals.js';
import type { MessageSink } from './message.reader.js';
import { ARRAY, MessageReader, PUSH } from './message.reader.js';

/** Receives a message. Must not throw. */
export type TakeMessage = MessageSink['message'];

type Read = (bytes: Buffer) => void;

/** Extracts messages from the data of each connection of a client, before ioredis reads it. */
export class MessageInlet {
  /** Set it before the client connects. Without it ioredis reads the messages. */
  take: TakeMessage | undefined;

  constructor(private readonly settings: MessageSettings) {}

  /** Returns the reader for a new connection: it passes messages to {@link take} and all other bytes to `read`, until `isOver`. */
  before(redis: Redis, read: Read, isOver: () => boolean): Read {
    if (this.take === undefined) return read;
    const rest = (bytes: Buffer) => {
      read(bytes);
      reader.isOver = isOver();
      reader.mark = markOf(redis);
    };
    const reader = new MessageReader({ message: this.take, rest }, this.settings);
    return reader.read;
  }
}

function markOf(redis: Redis): number | undefined {
  if (!subscriptionsOf(redis)) return undefined;
  return speaksResp3(redis) ? PUSH : ARRAY;
}

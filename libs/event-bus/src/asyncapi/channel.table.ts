import type { AsyncApiChannel, AsyncApiReference } from './asyncapi.document.js';
import { UniqueIds } from './unique.ids.js';

interface OpenChannel extends Omit<AsyncApiChannel, 'messages'> {
  readonly messages: Record<string, AsyncApiReference>;
}

/** The channels of a document: each channel, glob and template of a server once. */
export class ChannelTable {
  readonly channels: Record<string, OpenChannel> = {};
  private readonly ids = new UniqueIds();
  private readonly idsByKey = new Map<string, string>();

  /**
   * Adds a channel, unless it is there.
   * @param text what its id is made of
   * @returns its id
   */
  add(channel: Omit<AsyncApiChannel, 'messages' | 'bindings'>, text: string): string {
    const key = JSON.stringify([channel['x-redis-pubsub'], channel.servers]);
    const known = this.idsByKey.get(key);
    if (known !== undefined) return known;
    const id = this.ids.take(text);
    this.idsByKey.set(key, id);
    this.channels[id] = { ...channel, messages: {}, bindings: { redis: {} } };
    return id;
  }

  /** Adds a message to a channel. @returns the reference to it */
  addMessage(channel: string, message: string): AsyncApiReference {
    (this.channels[channel] as OpenChannel).messages[message] = { $ref: `#/components/messages/${message}` };
    return { $ref: `${channelAt(channel).$ref}/messages/${message}` };
  }
}

/** A reference to the channel. */
export function channelAt(id: string): AsyncApiReference {
  return { $ref: `#/channels/${id}` };
}

import type { ContractDescription, TargetDescription } from '../introspection/bus.description.js';
import type { ChannelPrefix } from '../routing/channel-prefix.js';
import { ChannelTemplate } from '../routing/channel-template.js';
import type { AsyncApiChannel, AsyncApiPubSub, AsyncApiReference } from './asyncapi.document.js';
import { UniqueIds } from './unique.ids.js';

const PARAM = /<([\w-]+)(\.\.\.)?>/g;
/** Braces in an address mean a parameter, and glob characters would look like one. */
const NO_ADDRESS = /[{}*?[\]\\]/;

type Address = Pick<AsyncApiChannel, 'address' | 'parameters'>;

interface OpenChannel extends Omit<AsyncApiChannel, 'messages'> {
  readonly messages: Record<string, AsyncApiReference>;
}

/** The channels of a document: each channel, glob and template once. */
export class ChannelTable {
  readonly channels: Record<string, OpenChannel> = {};
  private readonly ids = new UniqueIds();
  private readonly idsByKey = new Map<string, string>();

  constructor(private readonly prefix: ChannelPrefix) {}

  /** The id of the channel of a handler's target. */
  ofTarget({ target, kind, name, params, contract }: TargetDescription): string {
    if (contract !== undefined) return this.ofContract(contract);
    return params === undefined ? this.add({ kind, name }, target) : this.ofTemplate(target, 'pattern');
  }

  /** The id of the channel of a contract. */
  ofContract({ template, isSharded, params }: ContractDescription): string {
    const kind = isSharded ? 'shard' : 'channel';
    return params.length > 0
      ? this.ofTemplate(template, isSharded ? 'shard' : 'pattern')
      : this.add({ kind, name: this.prefix.addToChannel(template) }, template);
  }

  /** The id of a channel by its name without the prefix. */
  ofName(channel: string): string {
    return this.add({ kind: 'channel', name: this.prefix.addToChannel(channel) }, channel);
  }

  /** Adds a message to a channel. @returns the reference to it */
  addMessage(channel: string, message: string): AsyncApiReference {
    (this.channels[channel] as OpenChannel).messages[message] = { $ref: `#/components/messages/${message}` };
    return { $ref: `${channelAt(channel).$ref}/messages/${message}` };
  }

  /** The channels that have no message yet. */
  get silent(): readonly string[] {
    return Object.keys(this.channels).filter(
      (id) => Object.keys((this.channels[id] as OpenChannel).messages).length === 0,
    );
  }

  /** A sharded template cannot be subscribed to, so it has no glob. */
  private ofTemplate(text: string, kind: 'pattern' | 'shard'): string {
    const template = this.prefix.addToChannel(text);
    const name = kind === 'shard' ? template : this.prefix.addToPattern(new ChannelTemplate(text).glob);
    return this.add({ kind, name, template }, text);
  }

  private add(pubSub: AsyncApiPubSub, text: string): string {
    const key = JSON.stringify(pubSub);
    const known = this.idsByKey.get(key);
    if (known !== undefined) return known;
    const id = this.ids.take(text);
    this.idsByKey.set(key, id);
    this.channels[id] = {
      ...this.addressOf(pubSub, text),
      messages: {},
      bindings: { redis: {} },
      'x-redis-pubsub': pubSub,
    };
    return id;
  }

  /** Null unless it is one channel, or the channels of a template. */
  private addressOf({ kind, name, template }: AsyncApiPubSub, text: string): Address {
    if (kind === 'shard') return { address: null };
    if (template === undefined) return { address: kind === 'pattern' || NO_ADDRESS.test(name) ? null : name };
    const prefix = template.slice(0, template.length - text.length);
    if (NO_ADDRESS.test(prefix + text.replaceAll(PARAM, ''))) return { address: null };
    const parameters = Object.fromEntries(
      [...text.matchAll(PARAM)].map(([, param, tail]) => [param, { description: describedAs(tail) }]),
    );
    return { address: prefix + text.replaceAll(PARAM, '{$1}'), parameters };
  }
}

/** A reference to the channel. */
export function channelAt(id: string): AsyncApiReference {
  return { $ref: `#/channels/${id}` };
}

function describedAs(tail: string | undefined): string {
  return tail === undefined
    ? 'Not empty; without ":", glob and control characters.'
    : 'The rest of the channel: not empty, may contain ":", without glob and control characters.';
}

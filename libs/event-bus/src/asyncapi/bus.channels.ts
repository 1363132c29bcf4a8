import type { ContractDescription, TargetDescription } from '../introspection/bus.description.js';
import type { ChannelPrefix } from '../routing/channel-prefix.js';
import { ChannelTemplate } from '../routing/channel-template.js';
import type { AsyncApiChannel, AsyncApiPubSub, AsyncApiReference } from './asyncapi.document.js';
import type { ChannelTable } from './channel.table.js';

const PARAM = /<([\w-]+)(\.\.\.)?>/g;
/** Braces in an address mean a parameter, and glob characters would look like one. */
const NO_ADDRESS = /[{}*?[\]\\]/;

type Address = Pick<AsyncApiChannel, 'address' | 'parameters'>;

/** The channels of one bus in the table of the document. */
export class BusChannels {
  /** The ids of its channels. */
  private readonly used = new Set<string>();
  /** Those that have a message of this bus. */
  private readonly described = new Set<string>();

  /** @param servers where the bus is, if not on all servers of the document */
  constructor(
    private readonly table: ChannelTable,
    private readonly prefix: ChannelPrefix,
    private readonly servers?: readonly AsyncApiReference[],
  ) {}

  /** The id of the channel of a handler's target. */
  ofTarget({ target, kind, name, params, contract }: TargetDescription): string {
    if (contract !== undefined) return this.ofContract(contract);
    return params === undefined ? this.add({ kind, name }, target) : this.ofTemplate(target, 'pattern');
  }

  /** The id of the channel where the requests of a target are answered. */
  ofReplies({ target, kind, name, params }: TargetDescription, suffix: string): string {
    const text = `${target}${suffix}`;
    const template = params === undefined ? {} : { template: this.prefix.addToChannel(text) };
    return this.add({ kind, name: `${name}${suffix}`, ...template }, text);
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
    this.described.add(channel);
    return this.table.addMessage(channel, message);
  }

  /** The channels that have no message of this bus yet. */
  get silent(): readonly string[] {
    return [...this.used].filter((id) => !this.described.has(id));
  }

  /** A sharded template cannot be subscribed to, so it has no glob. */
  private ofTemplate(text: string, kind: 'pattern' | 'shard'): string {
    const template = this.prefix.addToChannel(text);
    const name = kind === 'shard' ? template : this.prefix.addToPattern(new ChannelTemplate(text).glob);
    return this.add({ kind, name, template }, text);
  }

  private add(pubSub: AsyncApiPubSub, text: string): string {
    const { servers, table } = this;
    const channel = {
      ...addressOf(pubSub, text),
      ...(servers === undefined ? {} : { servers }),
      'x-redis-pubsub': pubSub,
    };
    const id = table.add(channel, text);
    this.used.add(id);
    return id;
  }
}

/** Null unless it is one channel, or the channels of a template. */
function addressOf({ kind, name, template }: AsyncApiPubSub, text: string): Address {
  if (kind === 'shard') return { address: null };
  if (template === undefined) return { address: kind === 'pattern' || NO_ADDRESS.test(name) ? null : name };
  const prefix = template.slice(0, template.length - text.length);
  if (NO_ADDRESS.test(prefix + text.replaceAll(PARAM, ''))) return { address: null };
  const parameters = Object.fromEntries(
    [...text.matchAll(PARAM)].map(([, param, tail]) => [param, { description: describedAs(tail) }]),
  );
  return { address: prefix + text.replaceAll(PARAM, '{$1}'), parameters };
}

function describedAs(tail: string | undefined): string {
  return tail === undefined
    ? 'Not empty; without ":", glob and control characters.'
    : 'The rest of the channel: not empty, may contain ":", without glob and control characters.';
}

import { toContract } from '../contracts/event.contract.js';
import { describeContract } from '../introspection/bus.description.js';
import type {
  ContractDescription,
  EventBusDescription,
  HandlerDescription,
  TargetDescription,
} from '../introspection/bus.description.js';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import type { AsyncApiDocument, AsyncApiOperation, AsyncApiReference } from './asyncapi.document.js';
import type { AsyncApiDocumentOptions } from './asyncapi.options.js';
import { ChannelTable, channelAt } from './channel.table.js';
import type { ToJsonSchema } from './message.table.js';
import { MessageTable, NOT_SUFFICIENT } from './message.table.js';
import { serversOf } from './document.servers.js';
import { UniqueIds } from './unique.ids.js';

/** Builds the document of one bus: receives for its handlers, sends for what is published and for dead letters. */
export class DocumentBuilder {
  private readonly channels: ChannelTable;
  private readonly messages: MessageTable;
  private readonly operations: Record<string, AsyncApiOperation> = {};
  private readonly ids = new UniqueIds();

  constructor(
    private readonly bus: EventBusDescription,
    private readonly options: AsyncApiDocumentOptions,
    convert: ToJsonSchema,
  ) {
    this.channels = new ChannelTable(new ChannelPrefix(bus.prefix));
    this.messages = new MessageTable(bus.codec, convert);
  }

  build(): AsyncApiDocument {
    const { bus, channels, messages, operations, options } = this;
    // Listeners come and go.
    for (const handler of bus.handlers.filter(({ isListener }) => !isListener)) this.addHandler(handler);
    for (const contract of publishedOf(options)) this.addPublished(contract);
    for (const contract of bus.contracts) this.addContract(contract);
    for (const id of channels.silent) channels.addMessage(id, messages.any());
    const servers = serversOf(bus, options);
    const { description, ...info } = options.info;
    return {
      asyncapi: '3.0.0',
      info: {
        ...info,
        description: [description, NOT_SUFFICIENT].filter(Boolean).join('\n\n'),
      } as typeof options.info,
      ...(messages.contentType === undefined ? {} : { defaultContentType: messages.contentType }),
      ...(servers === undefined ? {} : { servers }),
      channels: channels.channels,
      operations,
      components: { messages: messages.messages, schemas: messages.schemas },
      'x-event-bus': { bus: bus.bus, codec: bus.codec, prefix: bus.prefix },
    };
  }

  private addHandler({ handler, targets, options }: HandlerDescription): void {
    for (const target of targets) {
      const channel = this.channels.ofTarget(target);
      const id = this.ids.take(targets.length === 1 ? handler : `${handler}.${channel}`);
      this.operations[id] = {
        action: 'receive',
        channel: channelAt(channel),
        title: handler,
        ...this.messagesOf(channel, target),
        'x-event-bus': { handler, target: target.target, ...options },
      };
    }
    if (options.deadLetter !== false) this.addDeadLetter(handler, options.deadLetter);
  }

  /** A target without a contract takes every message of its channel. */
  private messagesOf(
    channel: string,
    { contract }: TargetDescription,
  ): { readonly messages?: readonly AsyncApiReference[] } {
    return contract === undefined ? {} : { messages: [this.addContract(contract, channel)] };
  }

  private addContract(
    contract: ContractDescription,
    channel = this.channels.ofContract(contract),
  ): AsyncApiReference {
    return this.channels.addMessage(channel, this.messages.ofContract(contract));
  }

  private addPublished(contract: ContractDescription): void {
    const channel = this.channels.ofContract(contract);
    this.operations[this.ids.take(`publish.${channel}`)] = {
      action: 'send',
      channel: channelAt(channel),
      title: `Publishes ${contract.template}`,
      messages: [this.addContract(contract, channel)],
      'x-event-bus': { contract: contract.template },
    };
  }

  private addDeadLetter(handler: string, deadLetter: string): void {
    const channel = this.channels.ofName(deadLetter);
    this.operations[this.ids.take(`${handler}.deadLetter`)] = {
      action: 'send',
      channel: channelAt(channel),
      title: `Dead letters of ${handler}`,
      messages: [this.channels.addMessage(channel, this.messages.deadLetter())],
      'x-event-bus': { deadLetterOf: handler },
    };
  }
}

/** Each once, also if the list has it twice. */
function publishedOf({ publishes = [] }: AsyncApiDocumentOptions): readonly ContractDescription[] {
  const contracts = new Set(publishes.map(toContract).filter((contract) => contract !== undefined));
  return [...contracts].map(describeContract);
}

import { toContract } from '../contracts/event.contract.js';
import { describeContract } from '../introspection/bus.description.js';
import type { ContractDescription, EventBusDescription } from '../introspection/bus.description.js';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import type { AsyncApiBus, AsyncApiDocument } from './asyncapi.document.js';
import type { AsyncApiDocumentOptions } from './asyncapi.options.js';
import { BusChannels } from './bus.channels.js';
import { BusSection } from './bus.section.js';
import { ChannelTable } from './channel.table.js';
import { DocumentServers } from './document.servers.js';
import type { ToJsonSchema } from './message.table.js';
import { Components, MessageTable, NOT_SUFFICIENT } from './message.table.js';
import { OperationTable } from './operation.table.js';

/** Builds the document of one or several buses. */
export class DocumentBuilder {
  private readonly channels = new ChannelTable();
  private readonly operations = new OperationTable();
  private readonly components = new Components();
  /** By codec. */
  private readonly messages = new Map<string, MessageTable>();
  private readonly servers: DocumentServers;

  /** @param buses at least one; the first one publishes the contracts of the options */
  constructor(
    private readonly buses: readonly EventBusDescription[],
    private readonly options: AsyncApiDocumentOptions,
    private readonly convert: ToJsonSchema,
  ) {
    this.servers = new DocumentServers(buses, options);
  }

  build(): AsyncApiDocument {
    const { buses, channels, components, operations } = this;
    const { servers } = this.servers;
    for (const bus of buses) this.describe(bus);
    const [first, ...others] = buses.map(nameOf) as [AsyncApiBus, ...AsyncApiBus[]];
    return {
      asyncapi: '3.0.0',
      info: this.info,
      ...this.contentType,
      ...(servers === undefined ? {} : { servers }),
      channels: channels.channels,
      operations: operations.operations,
      components: { messages: components.messages, schemas: components.schemas },
      'x-event-bus': others.length === 0 ? first : { ...first, servers: others },
    };
  }

  private describe(bus: EventBusDescription): void {
    const { buses, channels, operations, options, servers } = this;
    const own = new BusChannels(channels, new ChannelPrefix(bus.prefix), servers.referencesOf(bus));
    const section = new BusSection(bus, own, this.messagesOf(bus), operations);
    section.add(bus === buses[0] ? publishedOf(options) : []);
  }

  private messagesOf({ codec }: EventBusDescription): MessageTable {
    const known = this.messages.get(codec);
    if (known !== undefined) return known;
    const table = new MessageTable(codec, this.components, this.convert);
    this.messages.set(codec, table);
    return table;
  }

  private get info(): AsyncApiDocument['info'] {
    const { description, ...info } = this.options.info;
    const texts = [description, NOT_SUFFICIENT].filter(Boolean);
    return { ...info, description: texts.join('\n\n') } as AsyncApiDocument['info'];
  }

  /** That of all messages, if they have one in common. */
  private get contentType(): Pick<AsyncApiDocument, 'defaultContentType'> {
    const [type, ...others] = new Set([...this.messages.values()].map(({ contentType }) => contentType));
    return type === undefined || others.length > 0 ? {} : { defaultContentType: type };
  }
}

function nameOf({ bus, codec, prefix }: EventBusDescription): AsyncApiBus {
  return { bus, codec, prefix };
}

/** Each once, also if the list has it twice. */
function publishedOf({ publishes = [] }: AsyncApiDocumentOptions): readonly ContractDescription[] {
  const contracts = new Set(publishes.map(toContract).filter((contract) => contract !== undefined));
  return [...contracts].map(describeContract);
}

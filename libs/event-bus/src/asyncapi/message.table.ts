import type { ContractDescription } from '../introspection/bus.description.js';
import type { AsyncApiMessage, AsyncApiReference } from './asyncapi.document.js';
import type { ConvertedSchema } from './json.schemas.js';
import {
  CLOUD_EVENT_SCHEMA,
  DEAD_LETTER_SCHEMA,
  NEST_PACKET_SCHEMA,
  NEST_REPLY_SCHEMA,
  NEST_REQUEST_SCHEMA,
} from './known.schemas.js';
import { UniqueIds } from './unique.ids.js';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  json: 'application/json',
  'cloud-events': 'application/cloudevents+json',
  'nest-packet': 'application/json',
  raw: 'application/octet-stream',
};

/** What surrounds a payload, its member `data`, by the name of the codec. */
const ENVELOPES: Readonly<Record<string, { readonly id: string; readonly schema: object }>> = {
  'cloud-events': { id: 'CloudEvent', schema: CLOUD_EVENT_SCHEMA },
  'nest-packet': { id: 'NestPacket', schema: NEST_PACKET_SCHEMA },
};

/** What the documents of all buses share. */
export class Components {
  readonly messages: Record<string, AsyncApiMessage> = {};
  readonly schemas: Record<string, object> = {};
  readonly ids = new UniqueIds();

  constructor() {
    for (const { id } of Object.values(ENVELOPES)) this.ids.take(id);
  }
}

/** Converts the schema of a contract that is to stand at this pointer. */
export type ToJsonSchema = (contract: ContractDescription, pointer: string) => ConvertedSchema;

/** The messages of one codec, and their schemas, each contract once. */
export class MessageTable {
  readonly contentType: string | undefined;
  private readonly known: { readonly contract: ContractDescription; readonly id: string }[] = [];
  private readonly envelope: (typeof ENVELOPES)[string] | undefined;
  private readonly isOfNest: boolean;
  /** Those that are no contract's, by their name. */
  private readonly idsByName = new Map<string, string>();

  constructor(
    codec: string,
    private readonly components: Components,
    private readonly convert: ToJsonSchema,
  ) {
    this.contentType = CONTENT_TYPES[codec];
    this.envelope = ENVELOPES[codec];
    this.isOfNest = codec === 'nest-packet';
  }

  /** The id of the message of a contract. */
  ofContract(contract: ContractDescription): string {
    const same = this.known.find((other) => areEqual(other.contract, contract));
    if (same !== undefined) return same.id;
    const id = this.components.ids.take(contract.template);
    this.known.push({ contract, id });
    const { schema, description } = this.payloadOf(contract, id);
    this.add(id, contract.template, description, this.wrapped(schema));
    return id;
  }

  /** The id of the message of a channel that no contract describes. */
  any(): string {
    return this.once('event', () => ({
      description: 'No contract describes it: any payload.',
      schema: this.wrapped(),
    }));
  }

  /** The id of the message that a `deadLetter` channel gets. */
  deadLetter(): string {
    return this.once('DeadLetter', (id) => {
      this.components.schemas[id] = DEAD_LETTER_SCHEMA;
      const description = 'An event that a handler could not handle.';
      return { description, schema: this.wrapped(schemaAt(id)) };
    });
  }

  /** The id of the message of a request. */
  request(): string {
    return this.once('Request', () => ({
      description: 'A request. Its replies have its id.',
      schema: this.isOfNest ? { allOf: [this.wrapped(), NEST_REQUEST_SCHEMA] } : {},
    }));
  }

  /** The id of the message of a reply. */
  reply(): string {
    return this.once('Reply', () => ({
      description: 'A reply to a request, with the id of that.',
      schema: this.isOfNest ? NEST_REPLY_SCHEMA : {},
    }));
  }

  private payloadOf(contract: ContractDescription, id: string): Payload {
    if (contract.schema === undefined) return { description: 'Its contract has no schema: any payload.' };
    const converted = this.convert(contract, schemaAt(id).$ref);
    if ('reason' in converted)
      return { description: `Its schema is not shown, because it has no JSON Schema: ${converted.reason}.` };
    this.components.schemas[id] = converted.schema;
    return { description: NOT_SUFFICIENT, schema: schemaAt(id) };
  }

  private once(name: string, make: (id: string) => Required<Payload>): string {
    const known = this.idsByName.get(name);
    if (known !== undefined) return known;
    const id = this.components.ids.take(name);
    this.idsByName.set(name, id);
    const { description, schema } = make(id);
    this.add(id, name, description, schema);
    return id;
  }

  private add(id: string, name: string, description: string, payload: object): void {
    const { contentType } = this;
    const media = contentType === undefined ? {} : { contentType };
    this.components.messages[id] = { name, ...media, description, payload };
  }

  private wrapped(schema?: object): object {
    if (this.envelope === undefined) return schema ?? {};
    const { id } = this.envelope;
    this.components.schemas[id] = this.envelope.schema;
    const envelope = schemaAt(id);
    return schema === undefined
      ? envelope
      : { allOf: [envelope, { properties: { data: schema }, required: ['data'] }] };
  }
}

interface Payload {
  readonly description: string;
  readonly schema?: object;
}

/** In the document: a schema in code can check more than its JSON Schema says. */
export const NOT_SUFFICIENT =
  'The payload schema is necessary, not sufficient: the application may check more than JSON Schema can say.';

function schemaAt(id: string): AsyncApiReference {
  return { $ref: `#/components/schemas/${id}` };
}

function areEqual(a: ContractDescription, b: ContractDescription): boolean {
  return a.template === b.template && a.isSharded === b.isSharded && a.schema === b.schema;
}

import type { ContractDescription } from '../introspection/bus.description.js';
import type { AsyncApiMessage, AsyncApiReference } from './asyncapi.document.js';
import type { ConvertedSchema } from './json.schemas.js';
import { CLOUD_EVENT_SCHEMA, DEAD_LETTER_SCHEMA } from './known.schemas.js';
import { UniqueIds } from './unique.ids.js';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  json: 'application/json',
  'cloud-events': 'application/cloudevents+json',
  raw: 'application/octet-stream',
};

/** Converts the schema of a contract that is to stand at this pointer. */
export type ToJsonSchema = (contract: ContractDescription, pointer: string) => ConvertedSchema;

/** The messages and schemas of a document, each contract once. */
export class MessageTable {
  readonly messages: Record<string, AsyncApiMessage> = {};
  readonly schemas: Record<string, object> = {};
  readonly contentType: string | undefined;
  private readonly ids = new UniqueIds();
  private readonly known: { readonly contract: ContractDescription; readonly id: string }[] = [];
  private readonly isInEnvelope: boolean;
  private anyId: string | undefined;
  private deadLetterId: string | undefined;

  constructor(
    codec: string,
    private readonly convert: ToJsonSchema,
  ) {
    this.contentType = CONTENT_TYPES[codec];
    this.isInEnvelope = codec === 'cloud-events';
    this.ids.take('CloudEvent');
  }

  /** The id of the message of a contract. */
  ofContract(contract: ContractDescription): string {
    const same = this.known.find((other) => areEqual(other.contract, contract));
    if (same !== undefined) return same.id;
    const id = this.ids.take(contract.template);
    this.known.push({ contract, id });
    this.add(id, contract.template, this.payloadOf(contract, id));
    return id;
  }

  /** The id of the message of a channel that no contract describes. */
  any(): string {
    if (this.anyId !== undefined) return this.anyId;
    this.anyId = this.ids.take('event');
    this.add(this.anyId, 'event', { description: 'No contract describes it: any payload.' });
    return this.anyId;
  }

  /** The id of the message that a `deadLetter` channel gets. */
  deadLetter(): string {
    if (this.deadLetterId !== undefined) return this.deadLetterId;
    this.deadLetterId = this.ids.take('DeadLetter');
    this.schemas[this.deadLetterId] = DEAD_LETTER_SCHEMA;
    const description = 'An event that a handler could not handle.';
    this.add(this.deadLetterId, 'DeadLetter', { description, schema: schemaAt(this.deadLetterId) });
    return this.deadLetterId;
  }

  private payloadOf(contract: ContractDescription, id: string): Payload {
    if (contract.schema === undefined) return { description: 'Its contract has no schema: any payload.' };
    const converted = this.convert(contract, schemaAt(id).$ref);
    if ('reason' in converted)
      return { description: `Its schema is not shown, because it has no JSON Schema: ${converted.reason}.` };
    this.schemas[id] = converted.schema;
    return { description: NOT_SUFFICIENT, schema: schemaAt(id) };
  }

  private add(id: string, name: string, { description, schema }: Payload): void {
    const { contentType } = this;
    const media = contentType === undefined ? {} : { contentType };
    this.messages[id] = { name, ...media, description, payload: this.wrapped(schema) };
  }

  private wrapped(schema: AsyncApiReference | undefined): object {
    if (!this.isInEnvelope) return schema ?? {};
    this.schemas['CloudEvent'] = CLOUD_EVENT_SCHEMA;
    const envelope = schemaAt('CloudEvent');
    return schema === undefined
      ? envelope
      : { allOf: [envelope, { properties: { data: schema }, required: ['data'] }] };
  }
}

interface Payload {
  readonly description: string;
  readonly schema?: AsyncApiReference;
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

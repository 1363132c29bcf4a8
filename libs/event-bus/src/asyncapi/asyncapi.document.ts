/** A reference within the document. */
export interface AsyncApiReference {
  /** A JSON pointer, e.g. `#/channels/orders.created`. */
  readonly $ref: string;
}

/** The `info` of an AsyncAPI document. Further members of the specification may be set, such as `contact` or `license`. */
export interface AsyncApiInfo {
  /** The name of the application. */
  readonly title: string;
  /** The version of its API. */
  readonly version: string;
  /** What it does, in Markdown. */
  readonly description?: string;
  readonly [member: string]: unknown;
}

/** One entry of `servers`. Further members of the specification may be set. */
export interface AsyncApiServer {
  /** `host:port`. */
  readonly host: string;
  /** `redis`, or `rediss` with TLS. */
  readonly protocol: string;
  readonly [member: string]: unknown;
}

/** How a channel is subscribed to at Redis. */
export interface AsyncApiPubSub {
  /** The command: SUBSCRIBE, PSUBSCRIBE or SSUBSCRIBE. */
  readonly kind: 'channel' | 'pattern' | 'shard';
  /** The channel or the glob, with the prefix. */
  readonly name: string;
  /** The template, with the prefix. Absent if it is none. */
  readonly template?: string;
}

/** A channel, or all channels of a template or of a glob. */
export interface AsyncApiChannel {
  /** With `{param}` for each parameter; null for what is no single name and no template, see `x-redis-pubsub`. */
  readonly address: string | null;
  /** The parameters of the address. */
  readonly parameters?: Readonly<Record<string, { readonly description: string }>>;
  /** References to `components.messages`. */
  readonly messages: Readonly<Record<string, AsyncApiReference>>;
  /** References to `servers`. Absent if all channels are on all of them. */
  readonly servers?: readonly AsyncApiReference[];
  /** Empty: the specification defines no member for Redis. */
  readonly bindings: { readonly redis: Readonly<Record<string, never>> };
  /** What Redis knows it by. */
  readonly 'x-redis-pubsub': AsyncApiPubSub;
}

/** A message. */
export interface AsyncApiMessage {
  /** The template of the contract, or `event`. */
  readonly name: string;
  /** The media type of the message. Absent for a codec of your own. */
  readonly contentType?: string;
  /** What is known about the payload. */
  readonly description: string;
  /** A JSON Schema, draft 7. `{}`: any payload. */
  readonly payload: object;
}

/** Where a request is answered. */
export interface AsyncApiReply {
  /** A reference to the channel of the replies. */
  readonly channel: AsyncApiReference;
  /** References to messages of that channel. */
  readonly messages: readonly AsyncApiReference[];
}

/** What a handler receives, or what the application sends. */
export interface AsyncApiOperation {
  /** `receive` for a handler, `send` for a contract that is published and for a dead letter. */
  readonly action: 'receive' | 'send';
  /** A reference to one of `channels`. */
  readonly channel: AsyncApiReference;
  /** What it is, in a few words. */
  readonly title: string;
  /** References to messages of the channel. Absent: any of them. */
  readonly messages?: readonly AsyncApiReference[];
  /** Absent unless it answers requests. */
  readonly reply?: AsyncApiReply;
  /** The handler and its options, or the contract. */
  readonly 'x-event-bus': Readonly<Record<string, unknown>>;
}

/** A bus that a document describes. */
export interface AsyncApiBus {
  /** Its name. */
  readonly bus: string;
  /** The name of its codec. */
  readonly codec: string;
  /** The application's prefix, `''` when it has none. */
  readonly prefix: string;
}

/** An AsyncAPI 3.0 document as a plain object. */
export interface AsyncApiDocument {
  /** The version of the specification. */
  readonly asyncapi: '3.0.0';
  /** As in the options, with a sentence about the schemas. */
  readonly info: AsyncApiInfo;
  /** The media type of messages that name none. */
  readonly defaultContentType?: string;
  /** The addresses of Redis. Absent if they are not known, or redacted. */
  readonly servers?: Readonly<Record<string, AsyncApiServer>>;
  /** By id: the name, with characters that references allow. */
  readonly channels: Readonly<Record<string, AsyncApiChannel>>;
  /** By the name of the handler, or of the channel that is published to. */
  readonly operations: Readonly<Record<string, AsyncApiOperation>>;
  /** What channels refer to. */
  readonly components: {
    readonly messages: Readonly<Record<string, AsyncApiMessage>>;
    readonly schemas: Readonly<Record<string, object>>;
  };
  /** The bus that the document describes, and the servers that it describes besides. */
  readonly 'x-event-bus': AsyncApiBus & { readonly servers?: readonly AsyncApiBus[] };
}

import type { EventContract, EventParams, TemplateParamNames } from '../contracts/event.contract.js';
import type { EventHeaders } from '../message/event.codec.js';

/**
 * What happens to an event while there is no connection. `'reject'` rejects with a NotConnectedError at once.
 * `{ bufferMs }` buffers the event for up to that long, in milliseconds, then rejects. Buffered events are sent in call order;
 * a rejected event is never sent. At most 10,000 events and 16 MiB of one bus are buffered; a further event rejects at once
 * with a PublishBufferFullError.
 */
export type WhenDisconnected = 'reject' | { readonly bufferMs: number };

/** The option of a dead letter that names the event of the failed call. Not part of the public API. */
export const DEAD_LETTER_OF = Symbol('nestjs-redis-event-bus: dead letter of');

/** Options of a `publish`. */
export interface PublishOptions {
  /** `shard` sends with SPUBLISH, to subscriptions of `kind: 'shard'` only. @default 'channel' */
  readonly kind?: 'channel' | 'shard' | undefined;
  /** How long to wait for the reply of Redis, in milliseconds from when the event is sent. @default 5000 */
  readonly timeoutMs?: number | undefined;
  /** Stops waiting. Before the event is sent, `publish` rejects with the signal's reason, later as unconfirmed. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Metadata of the event, by name: `{ traceparent: '00-…' }`. Needs a codec that carries metadata. With `cloudEvents()` they
   * become attributes: each name has up to 20 of the characters a to z and 0 to 9.
   */
  readonly headers?: EventHeaders | undefined;
  /** What happens to the event while there is no connection. @default 'reject' */
  readonly whenDisconnected?: WhenDisconnected | undefined;
}

/** Options of a `publishMany`. They apply to all of its events. */
export type PublishManyOptions = Omit<PublishOptions, 'kind' | 'headers'>;

/** Options for a contract, which defines the kind itself; `params` where its template has parameters. */
export type ContractPublishOptions<C> = Omit<PublishOptions, 'kind'> &
  (keyof EventParams<C> extends never
    ? { readonly params?: undefined }
    : {
        /** The values of the template's parameters. */
        readonly params: EventParams<C>;
      });

/** May be left out where the contract's template has no parameters. */
export type ContractPublishArguments<C> = keyof EventParams<C> extends never
  ? [options?: ContractPublishOptions<C>]
  : [options: ContractPublishOptions<C>];

/** No contract has this type. It makes the compiler's error say that `params` are missing. */
export type MissingParams<Template extends string> = { readonly template: Template } & ([
  TemplateParamNames<Template>,
] extends [never]
  ? never
  : { readonly 'pass { params } as the third argument': EventParams<Template> });

/**
 * The options of a channel. Where a contract was passed, `Template` is its template: unless `params` are missing, this overload
 * then takes another number of arguments, so that the compiler reports the contract's own overload.
 */
export type ChannelPublishArguments<Template extends string> = [Template] extends [never]
  ? [options?: PublishOptions]
  : string extends Template
    ? [options?: PublishOptions]
    : [TemplateParamNames<Template>] extends [never]
      ? [never, never]
      : [];

/** One event of a `publishMany`. */
export interface EventToPublish {
  /** A channel, or a contract with `params` where its template has parameters. */
  readonly channel: string | EventContract;
  /** The payload, encoded by the codec: any JSON value with `json()`. */
  readonly payload: unknown;
  /** The values of the template's parameters, by name. Only with a contract. */
  readonly params?: Readonly<Record<string, string>> | undefined;
  /** `shard` sends with SPUBLISH. @default 'channel' */
  readonly kind?: 'channel' | 'shard' | undefined;
  /** Metadata of the event, as with {@link PublishOptions.headers}. */
  readonly headers?: EventHeaders | undefined;
}

import type { EventContract, EventParams } from '../contracts/event.contract.js';

export interface PublishOptions {
  /** `shard` sends with SPUBLISH, to subscriptions of `kind: 'shard'` only. @default 'channel' */
  readonly kind?: 'channel' | 'shard';
  /** How long to wait for Redis to accept the event, in milliseconds. @default 5000 */
  readonly timeoutMs?: number;
  /** Stops waiting. Before the event is sent it rejects with the signal's reason, afterwards as unconfirmed. */
  readonly signal?: AbortSignal;
}

/** Options for a contract, which says itself how it travels; `params` where its template has parameters. */
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

/** One event of a `publishMany`. */
export interface EventToPublish {
  /** Or a contract, with `params` where its template has parameters. */
  readonly channel: string | EventContract;
  readonly payload: unknown;
  readonly params?: Readonly<Record<string, string>>;
  /** @default 'channel' */
  readonly kind?: 'channel' | 'shard';
}

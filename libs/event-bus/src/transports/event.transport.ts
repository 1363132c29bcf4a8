import type { IncomingMessage } from '../routing/incoming.message.js';
import type { SubscriptionKind, SubscriptionTarget } from '../routing/subscription-target.js';
import type { TransportFacets } from './transport.facets.js';

export type { IncomingMessage, SubscriptionKind, SubscriptionTarget };
export type * from './transport.facets.js';

/** Bytes for one channel. `shard` is sent with SPUBLISH, everything else with PUBLISH. */
export interface OutgoingMessage {
  /** The command that sends it. */
  readonly kind: 'channel' | 'shard';
  /** The channel at the broker, with the application's prefix. */
  readonly channel: string;
  /** The body, or a function that makes it: called once, when the message is sent, and never for a message that is not sent. */
  readonly body: MessageBody | (() => MessageBody);
}

/** The bytes of a message; a string is sent as UTF-8. */
export type MessageBody = Buffer | string;

/** The bytes of a message that is being sent. Call it once. */
export function bodyOf({ body }: OutgoingMessage): MessageBody {
  return typeof body === 'function' ? body() : body;
}

/** The outcome of one message: the subscriptions that the broker reports, or the error. */
export type PublishOutcome = { readonly subscriptions: number } | { readonly error: Error };

/** Takes the outcome of the message at this index. Never throws, with any argument. */
export type SettledListener = (index: number, outcome: PublishOutcome) => void;

/** The outcome of one subscription: confirmed by the broker, or the error. */
export interface SubscribeOutcome {
  /** Equal to the requested target. */
  readonly target: SubscriptionTarget;
  /** Absent when the broker confirmed the subscription. */
  readonly error?: Error | undefined;
}

/** What a transport can do beyond channels and patterns. */
export interface TransportCapabilities {
  /** Sharded pub/sub: SSUBSCRIBE and SPUBLISH (Redis 7.0). */
  readonly shard: boolean;
}

/**
 * - `connecting`: no live link yet.
 * - `ready`: the links are live, and every subscription that was confirmed once is confirmed now. A subscription that is being
 *   added does not count yet: its caller awaits it.
 * - `degraded`: the link was lost, or a subscription is denied.
 * - `closed`: permanently.
 */
export type TransportStatus = 'connecting' | 'ready' | 'degraded' | 'closed';

/** Whether a transport works right now, and the reason if it does not. */
export interface TransportState {
  /** Whether messages can be sent and received, and everything that was confirmed is still confirmed. */
  readonly status: TransportStatus;
  /** The reason in words, without secrets. Absent if there is nothing to explain. */
  readonly reason?: string | undefined;
  /** The connection error that caused it, with its `code` (ECONNREFUSED, …), without secrets. */
  readonly error?: Error | undefined;
  /** The server rejected the connection, and another attempt would fail too: a wrong password, a certificate of another CA. */
  readonly isRefused?: boolean | undefined;
}

/** `wanted` waits for a link, `pending` for the broker's answer; `lost` was active on a link that was lost. */
export type SubscriptionState = 'wanted' | 'pending' | 'active' | 'denied' | 'lost';

/** One target that was requested from a transport, and its state. */
export interface SubscriptionInfo {
  /** Equal to the requested target. */
  readonly target: SubscriptionTarget;
  /** `active` when the broker has confirmed it on a live link. */
  readonly state: SubscriptionState;
  /** Why the broker denied it. */
  readonly reason?: string | undefined;
}

/**
 * - `connection-lost`: the link was lost, with all subscriptions on it.
 * - `subscription-lost`: the link was alive, but the broker had fewer subscriptions than it had confirmed.
 * - `subscription-denied`: the broker denied it for some time.
 */
export type InterruptionReason = 'connection-lost' | 'subscription-lost' | 'subscription-denied';

/** Subscriptions that delivered nothing for some time, and are restored. */
export interface Interruption {
  /** The cause. */
  readonly reason: InterruptionReason;
  /** The restored subscriptions. */
  readonly targets: readonly SubscriptionTarget[];
  /**
   * Date.now() until which nothing is missing: when the last command was sent whose answer proved that the link and its
   * subscriptions worked. Messages do not count: they may have been buffered in a socket that was already closed.
   */
  readonly fromMs: number;
  /** Date.now() when the broker had confirmed the last of them again. */
  readonly toMs: number;
  /** The probable cause and what to do about it, in words. */
  readonly hint?: string | undefined;
}

/** A problem that no state shows, for an operator. */
export interface TransportWarning {
  /** A constant sentence. */
  readonly sentence: string;
  /** The values of this case, by name: `{ address: '10.0.0.1:6379' }`. */
  readonly fields: Readonly<Record<string, string | number>>;
  /** What to do about it. */
  readonly advice?: string | undefined;
}

/**
 * Takes the reports of a transport. All calls are in stream order: a message that the broker sent after a confirmation is
 * reported after it, never before. No call may throw. A transport may call it within `publish()`, and so within another call:
 * its owner then queues the inner call until the outer one has ended.
 */
export interface TransportListener {
  /** A message arrived through a subscription. */
  message(message: IncomingMessage): void;
  /** From now on the broker delivers these. */
  confirmed(targets: readonly SubscriptionTarget[]): void;
  /** From now on the broker does not deliver these: unsubscribed, denied, or the link is lost. */
  released(targets: readonly SubscriptionTarget[]): void;
  /**
   * The broker refuses these. They stay requested, and the transport tries again; each refusal may be reported.
   *
   * @param sinceMs Date.now() until which nothing that they deliver is missing. Absent when they have never been active.
   */
  denied(targets: readonly SubscriptionTarget[], sinceMs?: number): void;
  /** These were active, were interrupted, and are confirmed again: called after the `confirmed` of the last of them. */
  resumed(interruption: Interruption): void;
  /** Messages can be sent again after an interruption. */
  writable(): void;
  /** The state has changed. */
  state(state: TransportState): void;
  /** A line to log at `warn`. */
  warned(warning: TransportWarning): void;
}

/**
 * Transfers bytes between processes. Has no knowledge of Nest, codecs, prefixes or handlers. Delivery is at most once. These
 * members are common to all transports; optional ones are {@link TransportFacets}. docs/custom-transport.md shows how to write
 * a transport, and `nestjs-redis-event-bus/conformance` tests it.
 */
export interface EventTransport extends TransportFacets {
  /** The name in logs and snapshots, e.g. `redis` or `memory`. */
  readonly name: string;
  /** The address it connects to, without credentials, e.g. `127.0.0.1:6379`. */
  readonly address: string;
  /** The option that sets the address, e.g. `nodes`. @default 'url' */
  readonly addressOption?: string | undefined;
  /** Whether its connections use TLS. Absent if it has none, or does not tell. */
  readonly usesTls?: boolean | undefined;
  /** What it supports beyond channels and patterns. */
  readonly capabilities: TransportCapabilities;
  /** The current state; {@link TransportListener.state} reports each change. */
  readonly state: TransportState;

  /**
   * Resolves when messages can be sent and received. Retries until then, or until {@link EventTransport.close}.
   * @throws TransportRefusedError when the broker rejects the connection permanently (wrong password, no permission).
   * @throws BusClosedError when closed in the meantime.
   */
  connect(): Promise<void>;

  /**
   * Sends in order and attempts all messages. Never throws.
   *
   * @param settled called once for each message as soon as its outcome is known: possibly before this returns, and in any
   * order.
   * @returns nothing, or a promise that resolves when all messages are settled.
   */
  publish(messages: readonly OutgoingMessage[], settled: SettledListener): void | Promise<void>;

  /**
   * Resolves when the broker has answered for every target: confirmed, or refused with a reason. Without a link, waits for one.
   * A target that is already subscribed is answered without another request. A refused target stays requested (it is retried)
   * until it is unsubscribed.
   */
  subscribe(targets: readonly SubscriptionTarget[]): Promise<readonly SubscribeOutcome[]>;

  /** Resolves when the broker delivers none of them. Targets that are not subscribed are ignored. */
  unsubscribe(targets: readonly SubscriptionTarget[]): Promise<void>;

  /** Every target that was requested and not unsubscribed, with its state. */
  subscriptions(): readonly SubscriptionInfo[];

  /**
   * Idempotent. Lets publishes in flight settle, then ends the connections. Afterwards nothing is called on the listener, and
   * publish and subscribe answer with BusClosedError.
   */
  close(): Promise<void>;
}

/** How the bus reads messages. A transport may use it to save work. */
export interface MessageSettings {
  /** Larger messages are rejected: their beginning is enough, see `IncomingMessage.bytes`. */
  readonly maxPayloadBytes: number;
  /** A body that is valid UTF-8 may be a string. */
  readonly takesText: boolean;
}

/** Made by `redis(…)` or `memory()`: validated with the other options, opened by the module. */
export interface TransportFactory {
  /** The name of its transports in logs and snapshots. */
  readonly name: string;
  /** The problems of its options, each with what to write instead. Empty if there are none. */
  readonly problems: readonly string[];
  /**
   * Called once per bus. Must not connect.
   *
   * @param messages if absent, every body must be a complete Buffer
   */
  create(listener: TransportListener, messages?: MessageSettings): EventTransport;
}

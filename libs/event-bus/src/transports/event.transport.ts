import type { IncomingMessage } from '../routing/incoming.message.js';
import type { SubscriptionKind, SubscriptionTarget } from '../routing/subscription-target.js';
import type { TransportFacets } from './transport.facets.js';

export type { IncomingMessage, SubscriptionKind, SubscriptionTarget };
export type * from './transport.facets.js';

/** Bytes for one channel. `shard` is sent with SPUBLISH, everything else with PUBLISH. */
export interface OutgoingMessage {
  /** By which command it is sent. */
  readonly kind: 'channel' | 'shard';
  /** The channel as the broker knows it, with the application's prefix. */
  readonly channel: string;
  /** Or what makes it: called once, when the bytes leave, and never for a message that is not sent. */
  readonly body: MessageBody | (() => MessageBody);
}

/** The bytes of a message; a string is sent as UTF-8. */
export type MessageBody = Buffer | string;

/** The bytes of a message that is being sent. Call it once. */
export function bodyOf({ body }: OutgoingMessage): MessageBody {
  return typeof body === 'function' ? body() : body;
}

/** What became of one message: the subscriptions that the broker reports, or why it failed. */
export type PublishOutcome = { readonly subscriptions: number } | { readonly error: Error };

/** Takes the outcome of the message at this index. Does not throw, whatever it is given. */
export type SettledListener = (index: number, outcome: PublishOutcome) => void;

/** What became of one subscription: confirmed by the broker, or why not. */
export interface SubscribeOutcome {
  /** Equal to the one that was asked for. */
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
 * - `ready`: the links are live, and every subscription that was confirmed once is confirmed now. One that is being
 *   added is awaited by whoever adds it, and does not count yet.
 * - `degraded`: something that was there is missing: the link was lost, or a subscription is denied.
 * - `closed`: for good.
 */
export type TransportStatus = 'connecting' | 'ready' | 'degraded' | 'closed';

/** Whether a transport works right now, and why not. */
export interface TransportState {
  /** Whether messages can flow, and everything that was confirmed is confirmed still. */
  readonly status: TransportStatus;
  /** Why, for people, without secrets. Absent when there is nothing to explain. */
  readonly reason?: string | undefined;
  /** The connection's own error behind it, with its `code` (ECONNREFUSED, …), without secrets. */
  readonly error?: Error | undefined;
  /** The server said no, as it would again: a wrong password, a certificate of another CA. */
  readonly isRefused?: boolean | undefined;
}

/** `wanted` waits for a link, `pending` for the broker's answer; `lost` was active on a link that died. */
export type SubscriptionState = 'wanted' | 'pending' | 'active' | 'denied' | 'lost';

/** One target that a transport was asked for, and what state it is in. */
export interface SubscriptionInfo {
  /** Equal to the one that was asked for. */
  readonly target: SubscriptionTarget;
  /** `active` when the broker has confirmed it on a live link. */
  readonly state: SubscriptionState;
  /** Why the broker denied it. */
  readonly reason?: string | undefined;
}

/**
 * - `connection-lost`: the link died, and everything with it.
 * - `subscription-lost`: the link lives, and the broker held fewer subscriptions than it had confirmed.
 * - `subscription-denied`: the broker denied it for a while.
 */
export type InterruptionReason = 'connection-lost' | 'subscription-lost' | 'subscription-denied';

/** Subscriptions that delivered nothing for a while, and are back. */
export interface Interruption {
  /** What had happened to them. */
  readonly reason: InterruptionReason;
  /** Those that are back. */
  readonly targets: readonly SubscriptionTarget[];
  /**
   * Date.now() up to which nothing is missing: when the last command was sent before whose answer proved the link and
   * its subscriptions sound. Messages do not count: one may have waited long in a socket that was already closed.
   */
  readonly fromMs: number;
  /** Date.now() when the broker had confirmed the last of them again. */
  readonly toMs: number;
  /** What probably caused it, and what to do about it, for people. */
  readonly hint?: string | undefined;
}

/** Something that a person should know and that no state shows. */
export interface TransportWarning {
  /** A constant sentence. */
  readonly sentence: string;
  /** What is particular to this case, by name: `{ address: '10.0.0.1:6379' }`. */
  readonly fields: Readonly<Record<string, string | number>>;
  /** What to do about it. */
  readonly advice?: string | undefined;
}

/**
 * What a transport tells its owner. Every call comes in the order of the byte stream: a message that
 * the broker sent after a confirmation is reported after it, and never before. No call may throw. A transport may make one
 * within `publish()`, and so within another one: its owner puts that behind the one that is going on.
 */
export interface TransportListener {
  /** A message arrived through a subscription. */
  message(message: IncomingMessage): void;
  /** From here on the broker delivers these. */
  confirmed(targets: readonly SubscriptionTarget[]): void;
  /** From here on the broker does not deliver these any more: unsubscribed, denied, or the link is gone. */
  released(targets: readonly SubscriptionTarget[]): void;
  /**
   * The broker refuses these. They stay wanted, and the transport tries them again; every refusal may be told.
   *
   * @param sinceMs Date.now() up to which nothing is missing of what they deliver. Absent when they have never been active.
   */
  denied(targets: readonly SubscriptionTarget[], sinceMs?: number): void;
  /** They were active, were interrupted, and are confirmed again: follows the `confirmed` of the last of them. */
  resumed(interruption: Interruption): void;
  /** Messages can be sent again, after they could not. */
  writable(): void;
  /** The state has changed. */
  state(state: TransportState): void;
  /** Something should be logged at `warn`. */
  warned(warning: TransportWarning): void;
}

/**
 * Moves bytes between processes. Knows nothing of Nest, codecs, prefixes or handlers. Delivery is at most once. These are
 * what every transport has; what some have besides are {@link TransportFacets}. docs/custom-transport.md shows how to write
 * one, and `nestjs-redis-event-bus/conformance` tests it.
 */
export interface EventTransport extends TransportFacets {
  /** What logs and snapshots call it, e.g. `redis` or `memory`. */
  readonly name: string;
  /** Where it connects to, without credentials, e.g. `127.0.0.1:6379`. */
  readonly address: string;
  /** The option that says so, e.g. `nodes`. @default 'url' */
  readonly addressOption?: string | undefined;
  /** What it can do beyond channels and patterns. */
  readonly capabilities: TransportCapabilities;
  /** The current one; {@link TransportListener.state} reports each change. */
  readonly state: TransportState;

  /**
   * Resolves when messages can flow; keeps trying until then, or until {@link EventTransport.close}.
   * @throws TransportRefusedError when the broker turns the connection away for good (wrong password, no permission).
   * @throws BusClosedError when closed meanwhile.
   */
  connect(): Promise<void>;

  /**
   * Sends in order and attempts all. Throws nothing.
   *
   * @param settled is called once for each message, as soon as its outcome is known: also before this returns, and in any order.
   * @returns nothing, or a promise that resolves when all messages are settled.
   */
  publish(messages: readonly OutgoingMessage[], settled: SettledListener): void | Promise<void>;

  /**
   * Resolves when the broker has answered for every target: confirmed, or refused with its reason. Waits
   * for a link when there is none. A target that is already subscribed is answered without asking again, and a
   * refused one stays wanted (it is tried again) until it is unsubscribed.
   */
  subscribe(targets: readonly SubscriptionTarget[]): Promise<readonly SubscribeOutcome[]>;

  /** Resolves when the broker delivers none of them any more. Targets that are not subscribed are ignored. */
  unsubscribe(targets: readonly SubscriptionTarget[]): Promise<void>;

  /** Every target that was asked for and not unsubscribed, and what state it is in. */
  subscriptions(): readonly SubscriptionInfo[];

  /**
   * Idempotent. Lets publishes in flight settle, then ends the connections. Nothing is called on the
   * listener after it resolves; publish and subscribe answer with BusClosedError.
   */
  close(): Promise<void>;
}

/** Made by `redis(…)` or `memory()`: checked with the other options, opened by the module. */
export interface TransportFactory {
  /** What logs and snapshots call its transports. */
  readonly name: string;
  /** What is wrong with its options, each with what to write instead. Empty when all is well. */
  readonly problems: readonly string[];
  /** Called once per bus. Must not connect. */
  create(listener: TransportListener): EventTransport;
}

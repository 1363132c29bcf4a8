import { checkPayload } from '../contracts/contract.check.js';
import type { EventMetadata } from './event.codec.js';
import { NO_METADATA } from './event.codec.js';
import type { EventContract } from '../contracts/event.contract.js';
import { WORST_WEIGHT } from './payload.weight.js';
import type { ReceivedEvent } from './received.event.js';

/** Values of a template's parameters, by name. */
export type EventParamValues = Readonly<Record<string, string>>;

/** Marks the events of every copy of this package. */
const EVENT = Symbol.for('nestjs-redis-event-bus:event');

/** Whether it is an event of a bus, also one of another copy of this package. Not part of the public API. */
export function isEvent(value: unknown): value is EventContext {
  return typeof value === 'object' && value !== null && EVENT in value;
}

const NO_PARAMS: EventParamValues = Object.freeze(Object.create(null) as EventParamValues);

/**
 * Validates the payload against the contract of the target, and replaces it with the schema's output: synchronously, or when
 * the promise resolves. Not part of the public API.
 * @throws PayloadInvalidError when it does not fit.
 */
export let admitEvent: (event: EventContext) => void | Promise<void>;

/** The message behind the event, with the payload as decoded. Not part of the public API. */
export let originalOf: (event: EventContext) => ReceivedEvent;

/** The same event for another call of its handler, with its own signal. Not part of the public API. */
export let repeatEvent: (event: EventContext, attempt: number) => EventContext;

/** Which call of its handler the event is for: 1 for the first. Not part of the public API. */
export function attemptOf(event: EventContext): number {
  return repeats.get(event) ?? 1;
}

/** Events for later calls than the first, with the number of their call. */
const repeats = new WeakMap<EventContext, number>();

/** Aborts the event's signal, once; the handler's work may listen to it. Not part of the public API. */
export let abortEvent: (event: EventContext, reason: unknown) => void;

/** Discards the decoded payload while the event is pending. False if it cannot be decoded again. Not part of the public API. */
export let parkEvent: (event: EventContext) => boolean;

/** Decodes a parked event again; does nothing for others. Not part of the public API. @throws an error of its codec */
export let unparkEvent: (event: EventContext) => void;

/** The approximate memory that it uses while it is handled. Not part of the public API. */
export let weighEvent: (event: EventContext) => number;

/** The most that {@link weighEvent} may return for it, without weighing it. Not part of the public API. */
export let heaviestOf: (event: EventContext) => number;

/**
 * What a handler gets besides the payload: where the event came from and when. There is one per handler and event; the payload
 * is shared by all handlers in the process that get the event, so treat it as read-only.
 */
export class EventContext<T = unknown> {
  /** The concrete channel, without the application's prefix. */
  readonly channel: string;
  /**
   * The first of the handler's targets that matches, if it is a Redis glob: channels before globs, otherwise in declaration
   * order. Undefined if the handler has the channel itself as a target.
   */
  readonly pattern: string | undefined;
  /** The payload as the codec decoded it, or the output of the contract's schema. */
  readonly payload: T;
  /** The values of a template's parameters. Empty if the handler's target has none. */
  readonly params: EventParamValues;
  /** The metadata that the codec decoded. Empty with plain JSON. */
  readonly metadata: EventMetadata;
  /** When the message reached this process, in milliseconds since the epoch. */
  readonly receivedAtMs: number;
  /** The name of the bus, `default` unless it was given one. */
  readonly bus: string;

  #abortion: AbortController | undefined;

  readonly #contract: EventContract | undefined;
  #original: ReceivedEvent;
  #isParked = false;

  static {
    Object.defineProperty(this.prototype, EVENT, { value: true });
    originalOf = (event) => event.#original;
    repeatEvent = (event, attempt) => {
      const { pattern, bus, params, payload } = event;
      const repeated = new EventContext(event.#original, pattern, bus, params, event.#contract);
      // Already validated: this is the schema's output.
      (repeated as { payload: unknown }).payload = payload;
      repeats.set(repeated, attempt);
      return repeated;
    };
    admitEvent = (event) => {
      if (event.#contract?.schema === undefined) return undefined;
      const settle = (payload: unknown) => {
        (event as { payload: unknown }).payload = payload;
      };
      const checked = checkPayload(event.#contract, event.payload);
      return checked instanceof Promise ? checked.then(settle) : settle(checked);
    };
    parkEvent = (event) => {
      const parked = event.#original.park();
      if (parked === undefined) return false;
      event.#original = parked;
      event.#isParked = true;
      (event as { payload: unknown }).payload = undefined;
      (event as { metadata: EventMetadata }).metadata = NO_METADATA;
      return true;
    };
    unparkEvent = (event) => {
      if (!event.#isParked) return;
      event.#original = event.#original.unpark();
      event.#isParked = false;
      (event as { payload: unknown }).payload = event.#original.payload;
      (event as { metadata: EventMetadata }).metadata = event.#original.metadata;
    };
    // The schema's output, and its input.
    weighEvent = (event) => event.#original.weight * (event.#contract?.schema === undefined ? 1 : 2);
    heaviestOf = (event) =>
      event.#original.bytes * WORST_WEIGHT * (event.#contract?.schema === undefined ? 1 : 2);
    abortEvent = (event, reason) => {
      event.#abortion ??= new AbortController();
      event.#abortion.abort(reason);
    };
  }

  constructor(
    event: ReceivedEvent,
    pattern: string | undefined,
    bus: string,
    params: EventParamValues = NO_PARAMS,
    contract?: EventContract,
  ) {
    this.channel = event.channel;
    this.pattern = pattern;
    this.payload = event.payload as T;
    this.metadata = event.metadata;
    this.receivedAtMs = event.receivedAtMs;
    this.bus = bus;
    this.params = params;
    this.#contract = contract;
    this.#original = event;
  }

  /** Aborted when the handler's time is up: after `timeoutMs`, or at the end of the shutdown drain. Created on first use. */
  get signal(): AbortSignal {
    this.#abortion ??= new AbortController();
    return this.#abortion.signal;
  }

  /** Same as {@link channel}, as in Nest's RedisContext. */
  getChannel(): string {
    return this.channel;
  }

  /** Same as {@link pattern}, as in Nest's RedisContext. */
  getPattern(): string | undefined {
    return this.pattern;
  }
}

import { checkPayload } from '../contracts/contract.check.js';
import type { EventMetadata } from './event.codec.js';
import { NO_METADATA } from './event.codec.js';
import type { EventContract } from '../contracts/event.contract.js';
import type { ReceivedEvent } from './received.event.js';

/** Values of a template's parameters, by name. */
export type EventParamValues = Readonly<Record<string, string>>;

/** On the events of every copy of this package that an application has installed. */
const EVENT = Symbol.for('nestjs-redis-event-bus:event');

/** Whether it is an event of a bus, also of another copy of this package. Not part of the public API. */
export function isEvent(value: unknown): value is EventContext {
  return typeof value === 'object' && value !== null && EVENT in value;
}

const NO_PARAMS: EventParamValues = Object.freeze(Object.create(null) as EventParamValues);

/**
 * Checks the payload against the contract that the event was taken under, and replaces it with the schema's output:
 * at once, or when the promise resolves. Not part of the public API.
 * @throws PayloadInvalidError when it does not fit.
 */
export let admitEvent: (event: EventContext) => void | Promise<void>;

/** The message behind the event, with the payload as it came. Not part of the public API. */
export let originalOf: (event: EventContext) => ReceivedEvent;

/** The same event for another call of its handler, with a signal of its own. Not part of the public API. */
export let repeatEvent: (event: EventContext) => EventContext;

/** Ends the event's signal, once; the handler's own work may listen to it. Not part of the public API. */
export let abortEvent: (event: EventContext, reason: unknown) => void;

/**
 * Lets go what was decoded, for as long as the event waits. False where it cannot be decoded again. Not part of the public API.
 */
export let parkEvent: (event: EventContext) => boolean;

/** Decodes a parked event again; nothing for others. Not part of the public API. @throws what its codec throws. */
export let unparkEvent: (event: EventContext) => void;

/** Whether it waits as bytes alone. Not part of the public API. */
export let isParked: (event: EventContext) => boolean;

/** How much memory it takes while it is handled, about. Not part of the public API. */
export let weighEvent: (event: EventContext) => number;

/**
 * What a handler gets beside the payload: where the event came from and when. One per handler and event; the
 * payload is shared by all handlers of the process that get the event, so treat it as read-only.
 */
export class EventContext<T = unknown> {
  /** The concrete channel, without the application's prefix. */
  readonly channel: string;
  /**
   * The first of the handler's own targets that matches, when that is a Redis glob, channels before globs, in
   * declaration order. Undefined when the handler asked for the channel itself.
   */
  readonly pattern: string | undefined;
  /** What the codec decoded, or what the contract's schema made of it. */
  readonly payload: T;
  /** Values of a template's parameters. Empty where the handler's target has none. */
  readonly params: EventParamValues;
  /** What the codec carries beside the payload. Empty with plain JSON. */
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
    repeatEvent = (event) => {
      const { pattern, bus, params, payload } = event;
      const repeated = new EventContext(event.#original, pattern, bus, params, event.#contract);
      // It was checked already: this is the schema's output.
      (repeated as { payload: unknown }).payload = payload;
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
    isParked = (event) => event.#isParked;
    // The schema's output, and what it was made of.
    weighEvent = (event) => event.#original.weight * (event.#contract?.schema === undefined ? 1 : 2);
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

  /** Aborted when the handler's time is over: after `timeoutMs`, or at the end of the shutdown drain. Made on first use. */
  get signal(): AbortSignal {
    this.#abortion ??= new AbortController();
    return this.#abortion.signal;
  }

  /** Same as {@link channel}, for those who come from RedisContext. */
  getChannel(): string {
    return this.channel;
  }

  /** Same as {@link pattern}, for those who come from RedisContext. */
  getPattern(): string | undefined {
    return this.pattern;
  }
}

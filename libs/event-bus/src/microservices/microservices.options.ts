import { DEFAULT_BUS } from '../module/event-bus.constants.js';
import type { EventBusModuleOptions, EventBusSettings } from '../module/event-bus.options.js';
import { resolveSettings } from '../module/event-bus.options.js';
import type { EventCodec } from '../message/event.codec.js';
import { milliseconds } from '../option.checks.js';
import { nestPacket } from './nest-packet.codec.js';

/** Options of {@link EventBusServer}: those of `EventBusModule.forRoot()`, with the codec of Nest's own transport. */
export interface EventBusServerOptions extends Omit<EventBusModuleOptions, 'codec'> {
  /**
   * How messages become bytes. Requests need one that carries packets: `nestPacket()`, or one made by
   * `packetCodec()`. With another, such as `json()` or `raw()`, there are events alone, without an envelope.
   * @default nestPacket()
   */
  readonly codec?: EventCodec | undefined;
  /** What logs call it, and `context.bus`. @default 'default' */
  readonly name?: string | undefined;
}

/** Options of {@link EventBusClient}. */
export interface EventBusClientOptions extends EventBusServerOptions {
  /** How long a request waits for its first reply, and then for each further one, in milliseconds. @default 30000 */
  readonly requestTimeoutMs?: number | undefined;
}

/** What a single request may have different. */
export interface RequestOptions {
  /** How long to wait for the first reply, and then for each further one, in milliseconds. @default requestTimeoutMs */
  readonly timeoutMs?: number | undefined;
  /** Stops waiting: the Observable errors with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface ClientSettings {
  readonly bus: EventBusSettings;
  readonly requestTimeoutMs: number;
}

const DEFAULT_REQUEST_TIMEOUT_MS = 30_000;

/** @throws ConfigurationError with everything that is wrong. */
export function serverSettings(
  options: EventBusServerOptions,
  otherProblems: readonly string[] = [],
): EventBusSettings {
  // Without options it is the transport that is missing, as the others have defaults.
  const { name, codec, ...rest } = options ?? {};
  return resolveSettings({ ...rest, codec: codec ?? nestPacket() }, name ?? DEFAULT_BUS, otherProblems);
}

/** @throws ConfigurationError with everything that is wrong. */
export function clientSettings(options: EventBusClientOptions): ClientSettings {
  const { requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS, ...rest } = options ?? {};
  const problem = timeoutProblem(requestTimeoutMs);
  const problems = problem === undefined ? [] : [`requestTimeoutMs ${problem}`];
  return { bus: serverSettings(rest as EventBusServerOptions, problems), requestTimeoutMs };
}

/** Why it cannot be waited for so long, or undefined when it can. */
export const timeoutProblem = milliseconds();

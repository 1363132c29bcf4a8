import { DEFAULT_BUS } from '../module/event-bus.constants.js';
import type { EventBusModuleOptions, EventBusSettings } from '../module/event-bus.options.js';
import { resolveSettings } from '../module/event-bus.options.js';
import type { EventCodec } from '../message/event.codec.js';
import { milliseconds } from '../option.checks.js';
import { nestPacket } from './nest-packet.codec.js';
import { isPacketCodec } from './packet.codec.js';

/** Options of {@link EventBusServer}: those of `EventBusModule.forRoot()`, with the codec of Nest's own transport. */
export interface EventBusServerOptions extends Omit<EventBusModuleOptions, 'codec'> {
  /**
   * How messages are encoded. Requests need a codec that supports packets: `nestPacket()`, or one from `packetCodec()`. Any
   * other, such as `json()` or `raw()`, supports only events, without an envelope.
   * @default nestPacket()
   */
  readonly codec?: EventCodec | undefined;
  /** Its name in logs, and `context.bus`. @default 'default' */
  readonly name?: string | undefined;
}

/** Options of {@link EventBusClient}. */
export interface EventBusClientOptions extends EventBusServerOptions {
  /** How long a request waits for its first reply, and then for each further reply, in milliseconds. @default 30000 */
  readonly requestTimeoutMs?: number | undefined;
}

/** Options of a single request. */
export interface RequestOptions {
  /** How long to wait for the first reply, and then for each further reply, in milliseconds. @default requestTimeoutMs */
  readonly timeoutMs?: number | undefined;
  /** Stops waiting: the Observable errors with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface ClientSettings {
  readonly bus: EventBusSettings;
  readonly requestTimeoutMs: number;
}

const DEFAULT_REQUEST_TIMEOUT_MS = 30_000;

/** @throws ConfigurationError with all problems. */
export function serverSettings(
  options: EventBusServerOptions,
  otherProblems: readonly string[] = [],
): EventBusSettings {
  // Without options, report the missing transport: all other options have defaults.
  const { name, codec, ...rest } = options ?? {};
  const settings = resolveSettings(
    { ...rest, codec: codec ?? nestPacket() },
    name ?? DEFAULT_BUS,
    otherProblems,
  );
  return { ...settings, sendsPackets: isPacketCodec(settings.codec) };
}

/** @throws ConfigurationError with all problems. */
export function clientSettings(options: EventBusClientOptions): ClientSettings {
  const { requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS, ...rest } = options ?? {};
  const problem = timeoutProblem(requestTimeoutMs);
  const problems = problem === undefined ? [] : [`requestTimeoutMs ${problem}`];
  return { bus: serverSettings(rest as EventBusServerOptions, problems), requestTimeoutMs };
}

/** The problem with a timeout, or undefined if it is valid. */
export const timeoutProblem = milliseconds();

import type { EventContext } from '../message/event-context.js';

/** How the events of one handler are ordered, buffered and retried. */
export interface HandlerOptions {
  /**
   * How many events the handler handles concurrently.
   * @default 256
   */
  readonly concurrency?: number | undefined;
  /**
   * Events with the same key are handled one at a time, in order of arrival; others concurrently. `channel` uses the channel as
   * the key, `none` keeps no order. A function gets the payload as received, before a contract's schema; if it throws or
   * returns no string, the handler has failed.
   * @default 'channel'
   */
  readonly orderBy?: 'channel' | 'none' | ((event: EventContext) => string) | undefined;
  /** How many events may be pending for the handler, and which one is dropped when the buffer is full. */
  readonly buffer?: HandlerBufferOptions | undefined;
  /**
   * How long one call may take, in milliseconds. Then `event.signal` is aborted, the call fails with a
   * {@link HandlerTimeoutError}, and the next event of the same key starts. The call counts towards `concurrency` until it
   * really ends.
   * @default no limit
   */
  readonly timeoutMs?: number | undefined;
  /**
   * How long a call may run before a warning is logged, in milliseconds: one warning for all calls of the handler that are
   * stuck at the same time. Events with the same key wait until the call ends. `false`: no warning.
   * @default 30000
   */
  readonly stuckAfterMs?: number | false | undefined;
  /** Retries a failed call in this process, before the next event of the same key. @default no retry */
  readonly retry?: RetryOptions | undefined;
  /**
   * A channel that gets a {@link DeadLetter} for each event that the handler could not handle: the last call failed, or the
   * payload does not decode or does not fit its contract. It must not match any of the handler's own targets. `false` turns off
   * the channel of `handlerDefaults`.
   * @default false
   */
  readonly deadLetter?: string | false | undefined;
  /**
   * At most one of all instances with the same group runs this handler for an event. It claims the event by its id at the
   * broker (SET NX PX), so the codec must carry ids: `cloudEvents({ source })`. If that instance dies while handling the event,
   * the event is lost to the group. Each group may have only one handler per bus, whatever its class and method are named.
   * `false`: every instance handles every event.
   * @default false
   */
  readonly group?: string | false | undefined;
}

/** How much may be pending for one handler, and how much memory its calls may use. The limit that is reached first applies. */
export interface HandlerBufferOptions {
  /** The most pending events. @default 10000 */
  readonly events?: number | undefined;
  /**
   * The most bytes of pending messages. Running calls may use about as much memory for decoded payloads: at least 256 KiB, and
   * a single event may use more.
   * @default 16777216 (16 MiB)
   */
  readonly bytes?: number | undefined;
  /** Which event is dropped when the buffer is full: the oldest pending one, or the new one. @default 'drop-oldest' */
  readonly overflow?: 'drop-oldest' | 'drop-newest' | undefined;
}

/** How often a failed call is retried, and after which delays. */
export interface RetryOptions {
  /** The most calls, including the first. @default 3 */
  readonly attempts?: number | undefined;
  /** The delay before the second call, in milliseconds. @default 100 */
  readonly delayMs?: number | undefined;
  /** Each further delay is this many times as long as the one before. @default 2 */
  readonly factor?: number | undefined;
}

/** The options with all defaults applied. */
export interface HandlerSettings extends Required<Omit<HandlerOptions, 'buffer' | 'timeoutMs' | 'retry'>> {
  readonly buffer: Required<HandlerBufferOptions>;
  readonly timeoutMs: number | undefined;
  readonly retry: Required<RetryOptions>;
}

/** The settings of a handler without options. */
export const DEFAULT_HANDLER_SETTINGS: HandlerSettings = resolveHandlerSettings({});

/** `own` options override `defaults`, one by one, also within `buffer` and `retry`. */
export function resolveHandlerSettings(own: HandlerOptions, defaults: HandlerOptions = {}): HandlerSettings {
  const buffer = own.buffer ?? {};
  const retry = own.retry ?? defaults.retry;
  return {
    concurrency: own.concurrency ?? defaults.concurrency ?? 256,
    orderBy: own.orderBy ?? defaults.orderBy ?? 'channel',
    buffer: {
      events: buffer.events ?? defaults.buffer?.events ?? 10_000,
      bytes: buffer.bytes ?? defaults.buffer?.bytes ?? 16 * 1024 * 1024,
      overflow: buffer.overflow ?? defaults.buffer?.overflow ?? 'drop-oldest',
    },
    timeoutMs: own.timeoutMs ?? defaults.timeoutMs,
    stuckAfterMs: own.stuckAfterMs ?? defaults.stuckAfterMs ?? 30_000,
    retry: {
      attempts: own.retry?.attempts ?? defaults.retry?.attempts ?? (retry === undefined ? 1 : 3),
      delayMs: own.retry?.delayMs ?? defaults.retry?.delayMs ?? 100,
      factor: own.retry?.factor ?? defaults.retry?.factor ?? 2,
    },
    deadLetter: own.deadLetter ?? defaults.deadLetter ?? false,
    group: own.group ?? defaults.group ?? false,
  };
}

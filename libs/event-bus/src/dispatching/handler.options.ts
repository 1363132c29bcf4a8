import type { EventContext } from '../message/event-context.js';

/** How the events of one handler are ordered, bounded and tried again. */
export interface HandlerOptions {
  /**
   * How many events the handler works on at once.
   * @default 256
   */
  readonly concurrency?: number | undefined;
  /**
   * Events with the same key are handled one at a time, in the order of their arrival; others concurrently. `channel`
   * takes the channel for the key, `none` keeps no order. A function gets the payload as received, before a contract's
   * schema; when it throws, or returns no key, the handler has failed.
   * @default 'channel'
   */
  readonly orderBy?: 'channel' | 'none' | ((event: EventContext) => string) | undefined;
  /** How many events may be pending for the handler, and which one is dropped when there is no room. */
  readonly buffer?: HandlerBufferOptions | undefined;
  /**
   * How long one call may take, in milliseconds. Then `event.signal` is aborted and the call has failed with a
   * {@link HandlerTimeoutError}; the next event of the same key starts. The call keeps its place among `concurrency`
   * until it really ends.
   * @default no limit
   */
  readonly timeoutMs?: number | undefined;
  /**
   * From when on a call that does not end is worth a warning, in milliseconds: once for all calls of the handler that are
   * stuck at once. Events with the same key wait for it as long as it runs. `false`: never.
   * @default 30000
   */
  readonly stuckAfterMs?: number | false | undefined;
  /** Calls the handler again when it failed, in this process, before the next event of the same key. @default once */
  readonly retry?: RetryOptions | undefined;
  /**
   * A channel that gets a {@link DeadLetter} for each event that could not be handled: it failed for the last time, or
   * its payload does not decode or does not fit its contract. None of the handler's own targets may match it. `false`
   * takes back what `handlerDefaults` says.
   * @default false
   */
  readonly deadLetter?: string | false | undefined;
  /**
   * Of all instances that name the same group, at most one runs this handler for an event. It claims the event by its id
   * at the broker (SET NX PX), so the codec has to carry ids: `cloudEvents({ source })`. If that instance dies meanwhile,
   * the event is lost to the group. One handler of a bus for each group, whatever its class and method are named.
   * `false`: every instance handles every event.
   * @default false
   */
  readonly group?: string | false | undefined;
}

/** How much may be pending for one handler, and how much memory its calls may take. The limit that is reached first applies. */
export interface HandlerBufferOptions {
  /** How many events. @default 10000 */
  readonly events?: number | undefined;
  /**
   * How many bytes of messages may be pending. What runs at once takes about as much memory, once it is decoded; one event alone may take
   * more, and 256 KiB are always there.
   * @default 16777216 (16 MiB)
   */
  readonly bytes?: number | undefined;
  /** Which event is dropped when there is no room: the oldest pending one, or the new one. @default 'drop-oldest' */
  readonly overflow?: 'drop-oldest' | 'drop-newest' | undefined;
}

/** How often a failed call is repeated, and after which pauses. */
export interface RetryOptions {
  /** Calls at most, the first one included. @default 3 */
  readonly attempts?: number | undefined;
  /** The pause before the second call, in milliseconds. @default 100 */
  readonly delayMs?: number | undefined;
  /** Every further pause is this many times as long as the one before. @default 2 */
  readonly factor?: number | undefined;
}

/** The options with every default in place. */
export interface HandlerSettings extends Required<Omit<HandlerOptions, 'buffer' | 'timeoutMs' | 'retry'>> {
  readonly buffer: Required<HandlerBufferOptions>;
  readonly timeoutMs: number | undefined;
  readonly retry: Required<RetryOptions>;
}

/** What a handler that asks for nothing gets. */
export const DEFAULT_HANDLER_SETTINGS: HandlerSettings = resolveHandlerSettings({});

/** `own` options before `defaults`, each by itself, also within `buffer` and `retry`. */
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

import type { HandlerOptions } from '../dispatching/handler.options.js';
import { ConfigurationError } from '../errors.js';
import { busOptionProblems } from './event-bus.option-problems.js';
import type { EventCodec } from '../message/event.codec.js';
import type { EventContract } from '../contracts/event.contract.js';
import { json } from '../message/json.codec.js';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import type { EventBusObserver } from '../observing/event-bus.observer.js';
import type { LogFormat } from '../observing/log.line.js';
import type { TransportFactory } from '../transports/event.transport.js';

/** Options of `EventBusModule.forRoot()`. Only `transport` is required. */
export interface EventBusModuleOptions {
  /** Where events travel: `redis(…)` or `memory()`. */
  readonly transport: TransportFactory;
  /**
   * Put before every channel and taken off again on the way in, for several applications on one Redis. Never
   * applied to Redis' own channels (`__keyspace@0__:…`).
   * @default ''
   */
  readonly prefix?: string | undefined;
  /**
   * How payloads become bytes: `json()`, `cloudEvents({ source })`, `raw()`, or one of your own.
   * @default json()
   */
  readonly codec?: EventCodec | undefined;
  /**
   * The largest payload, in bytes, that is published or handed to a handler. Redis closes subscribers whose
   * output buffer overflows (32 MiB by default), so a large payload can cost others their connection.
   * @default 1048576 (1 MiB)
   */
  readonly maxPayloadBytes?: number | undefined;
  /**
   * Events that are published in one tick leave together: as one script (EVAL) where Redis lets the user run scripts,
   * otherwise one by one in a pipeline. An event alone is always a PUBLISH. With `false` each is sent alone.
   * @default true
   */
  readonly batching?: boolean | undefined;
  /**
   * The contracts of this application and of those it listens to. At start-up, a handler that none of them reaches
   * is warned of, and the report at `debug` names those that nobody here handles.
   */
  readonly contracts?: readonly EventContract[] | undefined;
  /** Options for every handler of the bus. Options set on a handler override these, one by one. */
  readonly handlerDefaults?: HandlerOptions | undefined;
  /**
   * Whether a target that another one of this bus covers, as `orders:*` covers `orders:created`, is served by that one's
   * subscription: Redis then sends each event once. Whatever it says, a handler runs once for an event.
   * @default true
   */
  readonly coalesce?: boolean | undefined;
  /** What takes the facts of what the bus does, for metrics, traces and consoles. See {@link EventBusObserver}. */
  readonly observers?: readonly EventBusObserver[] | undefined;
  /**
   * How log lines are written: `text` is `sentence (name=value …). advice`, `fields` is one object,
   * `{ message, handler, channel, …, advice, bus }`, for loggers that write JSON.
   * @default 'text'
   */
  readonly logFormat?: LogFormat | undefined;
  /** What is done about the `notify-keyspace-events` of the server. */
  readonly keyspace?: KeyspaceOptions | undefined;
  /** How long the start may take, and what happens when it fails. */
  readonly startup?: StartupOptions | undefined;
  /** How long the shutdown may take. */
  readonly shutdown?: ShutdownOptions | undefined;
}

/** What the bus does about keyspace notifications, for `@OnKeyEvent` handlers. */
export interface KeyspaceOptions {
  /**
   * What is done at the start about a server whose `notify-keyspace-events` lacks what `@OnKeyEvent` handlers wait for:
   * `check` warns with the CONFIG SET to run, `set` adds the flags (CONFIG SET; they stay when the application has ended),
   * `off` does not look.
   * @default 'check'
   */
  readonly ensure?: 'check' | 'set' | 'off' | undefined;
}

/** How the application starts: it is ready when Redis has confirmed every subscription. */
export interface StartupOptions {
  /**
   * How long the application waits for the connection and for every subscription to be confirmed, in
   * milliseconds.
   * @default 10000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * `throw` fails the application's start with a {@link StartupError}; `retry` starts it degraded and keeps
   * trying, see {@link EventBusStatus}.
   * @default 'throw'
   */
  readonly onFailure?: 'throw' | 'retry' | undefined;
}

/** How the application shuts down: it unsubscribes, lets handlers finish, and disconnects. */
export interface ShutdownOptions {
  /**
   * How long running and pending calls may take to finish when the application shuts down, in milliseconds.
   * What is left then is listed in a warning and its `event.signal` is aborted.
   * @default 10000
   */
  readonly drainTimeoutMs?: number | undefined;
}

/** The options with every default in place. */
export interface EventBusSettings extends Required<
  Omit<EventBusModuleOptions, 'prefix' | 'contracts' | 'keyspace' | 'startup' | 'shutdown'>
> {
  readonly name: string;
  readonly prefix: ChannelPrefix;
  readonly contracts: readonly EventContract[] | undefined;
  readonly keyspace: Required<KeyspaceOptions>;
  readonly startup: Required<StartupOptions>;
  readonly shutdown: Required<ShutdownOptions>;
}

/**
 * @param otherProblems what is wrong beside the options of the bus
 * @throws ConfigurationError with everything that is wrong, each with what to write instead.
 */
export function resolveSettings(
  options: EventBusModuleOptions,
  name: string,
  otherProblems: readonly string[] = [],
): EventBusSettings {
  const problems = [...busOptionProblems(options, name), ...otherProblems];
  if (problems.length > 0) throw new ConfigurationError(problems);
  return {
    name,
    transport: options.transport,
    prefix: new ChannelPrefix(options.prefix ?? ''),
    codec: options.codec ?? json(),
    maxPayloadBytes: options.maxPayloadBytes ?? 1024 * 1024,
    batching: options.batching ?? true,
    contracts: options.contracts,
    handlerDefaults: options.handlerDefaults ?? {},
    coalesce: options.coalesce ?? true,
    observers: options.observers ?? [],
    logFormat: options.logFormat ?? 'text',
    keyspace: { ensure: options.keyspace?.ensure ?? 'check' },
    startup: {
      timeoutMs: options.startup?.timeoutMs ?? 10_000,
      onFailure: options.startup?.onFailure ?? 'throw',
    },
    shutdown: { drainTimeoutMs: options.shutdown?.drainTimeoutMs ?? 10_000 },
  };
}

import type { HandlerOptions } from '../dispatching/handler.options.js';
import { ConfigurationError } from '../errors.js';
import { busOptionProblems } from './event-bus.option-problems.js';
import type { EventCodec } from '../message/event.codec.js';
import type { EventContract } from '../contracts/event.contract.js';
import { json } from '../message/json.codec.js';
import type { InstanceOptions } from '../introspection/bus.instance.js';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import type { EventBusObserver } from '../observing/event-bus.observer.js';
import type { LogFormat } from '../observing/log.line.js';
import type { TransportFactory } from '../transports/event.transport.js';

/** Options of `EventBusModule.forRoot()`. Only `transport` is required. */
export interface EventBusModuleOptions {
  /** The transport: `redis(…)`, `redisCluster(…)` or `memory()`. */
  readonly transport: TransportFactory;
  /**
   * Prepended to every channel that is published or subscribed to, and removed on receipt, so that several applications can
   * share one Redis. Never applied to Redis' own channels (`__keyspace@0__:…`).
   * @default ''
   */
  readonly prefix?: string | undefined;
  /**
   * How payloads are encoded: `json()`, `cloudEvents({ source })`, `raw()`, or a codec of your own.
   * @default json()
   */
  readonly codec?: EventCodec | undefined;
  /**
   * The largest payload, in bytes, that is published or passed to a handler. Redis disconnects subscribers whose output buffer
   * overflows (32 MiB by default), so a large payload can cost other subscribers their connection.
   * @default 1048576 (1 MiB)
   */
  readonly maxPayloadBytes?: number | undefined;
  /**
   * The first event of a tick is sent at once, those that follow in the tick together at its end, in one write. With `false` each
   * event is sent alone, at once.
   * @default true
   */
  readonly batching?: boolean | undefined;
  /**
   * The contracts of this application and of those it listens to. At the start, a warning names each handler that none of them
   * matches, and the report at `debug` names the contracts that no handler of this application matches.
   */
  readonly contracts?: readonly EventContract[] | undefined;
  /** Options for every handler of the bus. Options set on a handler override these, one by one. */
  readonly handlerDefaults?: HandlerOptions | undefined;
  /**
   * Whether a target that another target of this bus covers, as `orders:*` covers `orders:created`, uses the subscription of
   * that target: Redis then sends each event once. With either value, a handler runs once per event.
   * @default true
   */
  readonly coalesce?: boolean | undefined;
  /** Observers receive facts about what the bus does, for metrics, traces and consoles. See {@link EventBusObserver}. */
  readonly observers?: readonly EventBusObserver[] | undefined;
  /**
   * How log lines are written: `text` is `sentence (name=value …). advice`, `fields` is one object,
   * `{ message, handler, channel, …, advice, bus }`, for loggers that write JSON.
   * @default 'text'
   */
  readonly logFormat?: LogFormat | undefined;
  /** How the bus handles the `notify-keyspace-events` of the server. */
  readonly keyspace?: KeyspaceOptions | undefined;
  /** How the application is named in snapshots. */
  readonly instance?: InstanceOptions | undefined;
  /** How long the start may take, and what happens when it fails. */
  readonly startup?: StartupOptions | undefined;
  /** How long the shutdown may take. */
  readonly shutdown?: ShutdownOptions | undefined;
}

/** What the bus does about keyspace notifications, for `@OnKeyEvent` handlers. */
export interface KeyspaceOptions {
  /**
   * What to do at the start if the server's `notify-keyspace-events` lacks flags that `@OnKeyEvent` handlers need: `check` logs
   * a warning with the CONFIG SET to run, `set` adds the flags (CONFIG SET; they stay set after the application has stopped),
   * `off` does not check.
   * @default 'check'
   */
  readonly ensure?: 'check' | 'set' | 'off' | undefined;
}

/** How the application starts: it is ready when Redis has confirmed every subscription. */
export interface StartupOptions {
  /**
   * How long the start waits for the connection, and then again for the confirmation of every subscription, in milliseconds.
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
   * How long running and pending calls may take to finish when the application shuts down, in milliseconds. Unfinished calls
   * are listed in a warning, and their `event.signal` is aborted.
   * @default 10000
   */
  readonly drainTimeoutMs?: number | undefined;
}

/** The options with all defaults applied. */
export interface EventBusSettings extends Required<
  Omit<EventBusModuleOptions, 'prefix' | 'contracts' | 'keyspace' | 'startup' | 'shutdown'>
> {
  readonly name: string;
  readonly prefix: ChannelPrefix;
  readonly contracts: readonly EventContract[] | undefined;
  readonly keyspace: Required<KeyspaceOptions>;
  readonly startup: Required<StartupOptions>;
  readonly shutdown: Required<ShutdownOptions>;
  /** Whether it sends the packets of a packet codec, whose metadata take the headers of observers. */
  readonly sendsPackets?: boolean;
}

/**
 * @param otherProblems problems outside the options of the bus
 * @throws ConfigurationError with all problems, each with what to write instead.
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
    instance: options.instance ?? {},
    keyspace: { ensure: options.keyspace?.ensure ?? 'check' },
    startup: {
      timeoutMs: options.startup?.timeoutMs ?? 10_000,
      onFailure: options.startup?.onFailure ?? 'throw',
    },
    shutdown: { drainTimeoutMs: options.shutdown?.drainTimeoutMs ?? 10_000 },
  };
}

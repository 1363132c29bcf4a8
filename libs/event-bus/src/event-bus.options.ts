import { HANDLER_OPTION_NAMES, handlerOptionProblems } from './dispatching/handler.option-problems.js';
import type { HandlerOptions } from './dispatching/handler.options.js';
import { ConfigurationError } from './errors.js';
import type { EventCodec } from './message/event.codec.js';
import type { EventContract } from './contracts/event.contract.js';
import { strangeContractProblem, toContract } from './contracts/event.contract.js';
import { json } from './message/json.codec.js';
import { ChannelPrefix } from './routing/channel-prefix.js';
import { nameProblem } from './routing/name.problem.js';
import type { EventBusObserver } from './observing/event-bus.observer.js';
import { observerProblem } from './observing/observer.registry.js';
import type { TransportFactory } from './transports/event.transport.js';

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
   * otherwise one by one in a pipeline. An event alone is always a PUBLISH. With `false` each leaves by itself.
   * @default true
   */
  readonly batching?: boolean | undefined;
  /**
   * The contracts of this application and of those it listens to. At start-up, a handler that none of them reaches
   * is warned of, and the report at `debug` names those that nobody here handles.
   */
  readonly contracts?: readonly EventContract[] | undefined;
  /** Options for every handler of the bus; what a handler says itself is stronger, each option by itself. */
  readonly handlerDefaults?: HandlerOptions | undefined;
  /**
   * Whether a target that another one of this bus covers, as `orders:*` covers `orders:created`, is served by that one's
   * subscription: Redis then sends each event once. Whatever it says, a handler runs once for an event.
   * @default true
   */
  readonly coalesce?: boolean | undefined;
  /** What takes the facts of what the bus does, for metrics, traces and consoles. See {@link EventBusObserver}. */
  readonly observers?: readonly EventBusObserver[] | undefined;
  readonly keyspace?: KeyspaceOptions | undefined;
  readonly startup?: StartupOptions | undefined;
  readonly shutdown?: ShutdownOptions | undefined;
}

export interface KeyspaceOptions {
  /**
   * What is done at the start about a server whose `notify-keyspace-events` lacks what `@OnKeyEvent` handlers wait for:
   * `check` warns with the CONFIG SET to run, `set` adds the flags (CONFIG SET; they stay when the application has ended),
   * `off` does not look.
   * @default 'check'
   */
  readonly ensure?: 'check' | 'set' | 'off' | undefined;
}

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

export interface ShutdownOptions {
  /**
   * How long running and waiting handlers may take to finish when the application shuts down, in milliseconds.
   * What is left then is named in a warning and its `event.signal` is aborted.
   * @default 10000
   */
  readonly drainTimeoutMs?: number | undefined;
}

/** The options with every default in place. */
export interface EventBusSettings {
  readonly name: string;
  readonly transport: TransportFactory;
  readonly prefix: ChannelPrefix;
  readonly codec: EventCodec;
  readonly maxPayloadBytes: number;
  readonly batching: boolean;
  readonly contracts: readonly EventContract[] | undefined;
  readonly handlerDefaults: HandlerOptions;
  readonly coalesce: boolean;
  readonly observers: readonly EventBusObserver[];
  readonly keyspace: Required<KeyspaceOptions>;
  readonly startup: Required<StartupOptions>;
  readonly shutdown: Required<ShutdownOptions>;
}

const MAX_TIMER_MS = 2 ** 31 - 1;
const OPTION_NAMES = [
  'transport',
  'prefix',
  'codec',
  'maxPayloadBytes',
  'batching',
  'contracts',
  'handlerDefaults',
  'coalesce',
  'observers',
  'keyspace',
  'startup',
  'shutdown',
];

/** @throws ConfigurationError with everything that is wrong, each with what to write instead. */
export function resolveSettings(options: EventBusModuleOptions, name: string): EventBusSettings {
  const problems = problemsOf(options, name);
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
    keyspace: { ensure: options.keyspace?.ensure ?? 'check' },
    startup: {
      timeoutMs: options.startup?.timeoutMs ?? 10_000,
      onFailure: options.startup?.onFailure ?? 'throw',
    },
    shutdown: { drainTimeoutMs: options.shutdown?.drainTimeoutMs ?? 10_000 },
  };
}

function problemsOf(options: unknown, name: unknown): string[] {
  const problems: string[] = [];
  if (typeof name !== 'string' || name === '') problems.push('name must be a non-empty string.');
  if (!isObject(options)) {
    return [...problems, 'options are missing. Write EventBusModule.forRoot({ transport: redis() }).'];
  }
  const {
    transport,
    prefix,
    codec,
    maxPayloadBytes,
    batching,
    contracts,
    handlerDefaults,
    coalesce,
    observers,
    keyspace,
    startup,
    shutdown,
  } = options;

  if (!isObject(transport) || typeof transport['create'] !== 'function') {
    problems.push('transport is missing. Write transport: redis({ url }) or transport: memory().');
  } else {
    problems.push(...(transport as unknown as TransportFactory).problems);
  }
  if (prefix !== undefined && typeof prefix !== 'string')
    problems.push("prefix must be a string, e.g. 'shop:'.");
  const ofPrefix = typeof prefix === 'string' ? nameProblem(prefix) : undefined;
  if (ofPrefix !== undefined) problems.push(`prefix: ${ofPrefix}`);
  if (typeof prefix === 'string' && prefix.startsWith('__')) {
    problems.push('prefix must not start with "__": those channels belong to Redis.');
  }
  if (codec !== undefined && !isCodec(codec)) {
    problems.push(
      'codec must have encode and decode. Write codec: json(), cloudEvents({ source }) or raw().',
    );
  }
  if (maxPayloadBytes !== undefined && !isCount(maxPayloadBytes, 512 * 1024 * 1024)) {
    problems.push('maxPayloadBytes must be a whole number from 1 to 536870912 (the largest Redis string).');
  }
  if (batching !== undefined && typeof batching !== 'boolean') {
    problems.push('batching must be true or false.');
  }
  if (batching === false && isCodec(codec) && (codec as unknown as EventCodec).frames?.areSent) {
    problems.push('frames: true needs batching, which makes them. Leave out batching: false, or frames.');
  }
  if (contracts !== undefined && !isContractList(contracts)) {
    const strange = Array.isArray(contracts)
      ? contracts.map(strangeContractProblem).find(Boolean)
      : undefined;
    problems.push(
      strange === undefined
        ? 'contracts must be an array of what defineEvent() returned.'
        : `contracts: ${strange}`,
    );
  }
  problems.push(...groupProblems('handlerDefaults', handlerDefaults, HANDLER_OPTION_NAMES));
  if (isObject(handlerDefaults)) {
    problems.push(...handlerOptionProblems(handlerDefaults).map((problem) => `handlerDefaults.${problem}`));
  }
  if (coalesce !== undefined && typeof coalesce !== 'boolean') {
    problems.push('coalesce must be true or false.');
  }
  problems.push(...observersProblems(observers));
  problems.push(...groupProblems('keyspace', keyspace, ['ensure']));
  if (isObject(keyspace) && !['check', 'set', 'off', undefined].includes(keyspace['ensure'] as undefined)) {
    problems.push("keyspace.ensure must be 'check', 'set' or 'off'.");
  }
  problems.push(...groupProblems('startup', startup, ['timeoutMs', 'onFailure']));
  problems.push(...groupProblems('shutdown', shutdown, ['drainTimeoutMs']));
  if (isObject(startup)) {
    const { timeoutMs, onFailure } = startup;
    if (timeoutMs !== undefined && !isCount(timeoutMs, MAX_TIMER_MS)) {
      problems.push(`startup.timeoutMs must be a whole number of milliseconds from 1 to ${MAX_TIMER_MS}.`);
    }
    if (onFailure !== undefined && onFailure !== 'throw' && onFailure !== 'retry') {
      problems.push("startup.onFailure must be 'throw' or 'retry'.");
    }
  }
  if (isObject(shutdown) && shutdown['drainTimeoutMs'] !== undefined) {
    if (shutdown['drainTimeoutMs'] !== 0 && !isCount(shutdown['drainTimeoutMs'], MAX_TIMER_MS)) {
      problems.push(
        `shutdown.drainTimeoutMs must be a whole number of milliseconds from 0 to ${MAX_TIMER_MS}.`,
      );
    }
  }
  return [...problems, ...unknownNames('', options, OPTION_NAMES)];
}

function observersProblems(observers: unknown): string[] {
  if (observers === undefined) return [];
  if (!Array.isArray(observers)) return ['observers must be an array, e.g. observers: [new MyObserver()].'];
  return observers
    .map(observerProblem)
    .flatMap((problem, index) => (problem === undefined ? [] : [`observers[${index}] ${problem}`]));
}

function groupProblems(group: string, value: unknown, names: readonly string[]): string[] {
  if (value === undefined) return [];
  if (!isObject(value)) return [`${group} must be an object, e.g. ${group}: { ${names[0]}: 5000 }.`];
  return unknownNames(`${group}.`, value, names);
}

/** A misspelt option would otherwise be a default that nobody asked for. */
function unknownNames(path: string, value: Record<string, unknown>, known: readonly string[]): string[] {
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => `${path}${key} is not an option. Known here: ${known.join(', ')}.`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isCodec(value: unknown): boolean {
  return isObject(value) && typeof value['encode'] === 'function' && typeof value['decode'] === 'function';
}

function isContractList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => toContract(item) !== undefined);
}

function isCount(value: unknown, max: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= max;
}

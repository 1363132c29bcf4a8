import { isThenable, propertyOf, textOf, toPromise } from '../foreign.js';
import type { AttachedFact } from './bus.facts.js';
import type { EventBusObserver, FactName, FactOf } from './event-bus.observer.js';
import { LogEpisode } from './log.episode.js';

export type HookName = 'aroundHandle' | 'aroundPublish' | 'aroundTransport';

/** The names of all methods that take facts. */
export const FACT_NAMES = Object.keys({
  published: true,
  publishFailed: true,
  received: true,
  handled: true,
  failed: true,
  repeated: true,
  rejected: true,
  dropped: true,
  slowed: true,
  caughtUp: true,
  stuck: true,
  unstuck: true,
  leftToGroup: true,
  deadLettered: true,
  deadLetterLost: true,
  gap: true,
  gapHandlerFailed: true,
  started: true,
  startFailed: true,
  closed: true,
  stateChanged: true,
  subscribed: true,
  denied: true,
  streamDropped: true,
  listenerFailed: true,
  warned: true,
  noted: true,
  attached: true,
} satisfies Record<FactName, true>) as readonly FactName[];

/** The mark of an observer of this package that reads no `tookMs` of publishes: for its sake no clock is read. */
export const COUNTS_PUBLISHES = Symbol('nestjs-redis-event-bus: counts publishes');

const CALL_FACTS: readonly FactName[] = ['handled', 'failed', 'repeated'];
const PUBLISH_FACTS: readonly FactName[] = ['published', 'publishFailed'];
const HOOK_NAMES: readonly HookName[] = ['aroundHandle', 'aroundPublish', 'aroundTransport'];

/** Why it cannot be an observer, with what to write instead. Undefined if it can. */
export function observerProblem(observer: unknown): string | undefined {
  const methods = [...FACT_NAMES, ...HOOK_NAMES];
  if (typeof observer === 'object' && methods.some((name) => hasMethod(observer, name))) return undefined;
  return `must be an object with at least one method of EventBusObserver: ${methods.join(', ')}.`;
}

/** Takes what an observer throws or rejects with. Must not throw. */
export interface ObserverFailureLog extends EventBusObserver {
  observerFailed(observer: string, method: string, error: unknown, unlogged: number): void;
}

/** The methods of an observer that take facts, typed so that each name fits its fact. */
type FactTakers = { [Name in FactName]?: (fact: FactOf<Name>) => unknown };

/** One observer. Its failures are logged and affect nothing else. */
export class ContainedObserver {
  private readonly failures = new LogEpisode();

  constructor(
    readonly observer: EventBusObserver,
    private readonly log: ObserverFailureLog,
  ) {}

  has(method: FactName | HookName): boolean {
    return hasMethod(this.observer, method);
  }

  hasAny(methods: readonly FactName[]): boolean {
    return methods.some((method) => this.has(method));
  }

  get countsPublishes(): boolean {
    return propertyOf(this.observer, COUNTS_PUBLISHES) === true;
  }

  tell<Name extends FactName>(name: Name, fact: FactOf<Name>): void {
    try {
      const takers: FactTakers = this.observer;
      const told: unknown = takers[name]?.(fact);
      if (isThenable(told)) toPromise(told).catch((error: unknown) => this.failed(name, error));
    } catch (error) {
      this.failed(name, error);
    }
  }

  /** Calls a function that the observer's hook has passed. */
  call<T>(hook: HookName, passed: (value: T) => unknown, value: T): void {
    try {
      const told = passed(value);
      if (isThenable(told)) toPromise(told).catch((error: unknown) => this.failed(hook, error));
    } catch (error) {
      this.failed(hook, error);
    }
  }

  readonly failed = (method: FactName | HookName, error: unknown): void => {
    this.failures.log((unlogged) => this.log.observerFailed(this.name, method, error, unlogged));
  };

  /** `MyObserver`, or a name for a plain object. */
  get name(): string {
    const name = propertyOf(propertyOf(this.observer, 'constructor'), 'name');
    return typeof name === 'string' && name !== '' ? textOf(name) : 'Object';
  }
}

/** Every observer of one bus, the log last. No call throws. */
export class ObserverRegistry {
  /** Whether an observer takes a fact. If not, the fact is not built. */
  readonly takes = recordOf(false);
  /** Whether an observer other than the log takes handler calls, and so needs their duration. */
  timesCalls = false;
  /** The same of publishes. */
  timesPublishes = false;
  private readonly takers = recordOf<readonly ContainedObserver[]>([]);
  /** In the order in which they were added, without the log. */
  private added: readonly ContainedObserver[] = [];
  private readonly last: ContainedObserver;
  private readonly changeListeners: (() => void)[] = [];
  private bus: AttachedFact | undefined;

  constructor(private readonly log: ObserverFailureLog) {
    this.last = new ContainedObserver(log, log);
    this.change([]);
  }

  /** The observers that have this hook, in the order in which they were added. */
  withHook(name: HookName): readonly ContainedObserver[] {
    return this.added.filter((observer) => observer.has(name));
  }

  /** Calls back whenever an observer was added or removed. */
  onChange(listener: () => void): void {
    this.changeListeners.push(listener);
  }

  /** @returns a function that removes it. Idempotent. */
  add(observer: EventBusObserver): () => void {
    const entry = new ContainedObserver(observer, this.log);
    this.change([...this.added, entry]);
    if (this.bus !== undefined) entry.tell('attached', this.bus);
    return () => {
      if (this.added.includes(entry)) this.change(this.added.filter((other) => other !== entry));
    };
  }

  /** The bus is complete: tells the observers that are there, and later each that is added. */
  attach(bus: AttachedFact): void {
    this.bus = Object.freeze(bus);
    this.tell('attached', bus);
  }

  tell<Name extends FactName>(name: Name, fact: FactOf<Name>): void {
    const takers = this.takers[name];
    // Frozen, because a change by one observer would reach the others.
    if (takers.length > 1) Object.freeze(fact);
    for (const observer of takers) observer.tell(name, fact);
  }

  private change(added: readonly ContainedObserver[]): void {
    this.added = added;
    for (const name of FACT_NAMES) {
      this.takers[name] = [...added, this.last].filter((observer) => observer.has(name));
      this.takes[name] = this.takers[name].length > 0;
    }
    this.timesCalls = added.some((observer) => observer.hasAny(CALL_FACTS));
    this.timesPublishes = added.some(
      (observer) => observer.hasAny(PUBLISH_FACTS) && !observer.countsPublishes,
    );
    for (const listener of this.changeListeners) listener();
  }
}

function recordOf<T>(value: T): Record<FactName, T> {
  return Object.fromEntries(FACT_NAMES.map((name) => [name, value])) as Record<FactName, T>;
}

function hasMethod(observer: unknown, name: string): boolean {
  return typeof propertyOf(observer, name) === 'function';
}

import { isThenable, toPromise } from '../foreign.js';
import type { EventHeaders } from '../message/event.codec.js';
import type { PreparedEvent } from '../publishing/event.preparer.js';
import { bytesOf } from '../publishing/event.size.js';
import type { PublishOutcome } from '../transports/event.transport.js';
import type { ObservedPublish, PublishNext } from './event-bus.observer.js';
import type { HookWatch } from './hook.watch.js';
import type { ContainedObserver } from './observer.registry.js';
import { OnceCall } from './once.call.js';

export type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

type Listener = (outcome: PublishOutcome) => void;

/** One event within the hooks of observers, from its preparation to its outcome. No call throws. */
export class HookedPublish<T> {
  /** What was prepared, after {@link enter}. */
  prepared!: T;
  private outcome: PublishOutcome | undefined;
  private listener: Listener | undefined;
  private promise: Promise<number> | undefined;

  /** @param prepare must not throw */
  constructor(
    readonly about: Writable<ObservedPublish>,
    private readonly observers: readonly ContainedObserver[],
    private readonly watch: HookWatch,
    private readonly prepare: (added?: EventHeaders) => T,
  ) {}

  /** Prepares the event within the hooks from this position on, before it returns. */
  enter(position: number, added?: EventHeaders): void {
    const observer = this.observers[position];
    if (observer !== undefined) return new HookTurn(this, observer, position, added).run();
    const { about } = this;
    const prepared = this.prepare(about.carriesMetadata ? added : undefined);
    if (isEncoded(prepared)) about.encoded = new EncodedEvent(prepared);
    this.prepared = prepared;
  }

  /** Takes the outcome of the event. Must be called once. */
  settled(outcome: PublishOutcome): void {
    this.outcome = outcome;
    this.listener?.(outcome);
  }

  /** @param listener must not throw */
  onSettled(listener: Listener): void {
    const { outcome, listener: first } = this;
    if (outcome !== undefined) listener(outcome);
    else if (first === undefined) this.listener = listener;
    else
      this.listener = (settled) => {
        first(settled);
        listener(settled);
      };
  }

  /** Settles with the outcome. A rejection that nobody takes has no effect. */
  whenSettled(): Promise<number> {
    if (this.promise !== undefined) return this.promise;
    let resolve!: (subscriptions: number) => void;
    let reject!: (error: Error) => void;
    const promise = new Promise<number>((...both) => {
      [resolve, reject] = both;
    });
    this.onSettled((outcome) => {
      if (!('error' in outcome)) return resolve(outcome.subscriptions);
      reject(outcome.error);
      promise.catch(() => undefined);
    });
    this.promise = promise;
    return promise;
  }

  /** Watches an asynchronous hook until it ends. */
  follow(observer: ContainedObserver, end: Promise<unknown>): void {
    const call = new OnceCall(outcomeOf, this, undefined);
    call.make();
    const { channel } = this.about;
    void this.watch.follow({ observer, name: 'aroundPublish', channel, end, call });
  }
}

/** One hook around one event. */
class HookTurn {
  private isMade = false;

  constructor(
    private readonly publish: HookedPublish<unknown>,
    private readonly observer: ContainedObserver,
    private readonly position: number,
    private readonly added: EventHeaders | undefined,
  ) {}

  run(): void {
    const { observer, publish } = this;
    let end: Promise<unknown> | undefined;
    try {
      const returned = observer.observer.aroundPublish?.(publish.about, this.next as PublishNext);
      if (isThenable(returned)) end = toPromise(returned);
    } catch (error) {
      observer.failed('aroundPublish', error);
    }
    this.make();
    if (end !== undefined) publish.follow(observer, end);
  }

  private readonly next = (headers?: EventHeaders, settled?: Listener): Promise<number> | undefined => {
    this.make(headers);
    const { observer, publish } = this;
    if (typeof settled !== 'function') return publish.whenSettled();
    publish.onSettled((outcome) => observer.call('aroundPublish', settled, outcome));
    return undefined;
  };

  private make(headers?: EventHeaders): void {
    if (this.isMade) return;
    this.isMade = true;
    const own = headers === undefined ? undefined : headersIn(headers, this.observer);
    const { added } = this;
    const all = own === undefined || added === undefined ? (own ?? added) : { ...added, ...own };
    this.publish.enter(this.position + 1, all);
  }
}

function outcomeOf(publish: HookedPublish<unknown>): Promise<number> {
  return publish.whenSettled();
}

type Encoded = Pick<PreparedEvent, 'name' | 'body' | 'stampBytes'>;

function isEncoded(prepared: unknown): prepared is Encoded {
  return typeof prepared === 'object' && prepared !== null && 'body' in prepared;
}

/** Counts the bytes only for hooks that read them. */
class EncodedEvent implements NonNullable<ObservedPublish['encoded']> {
  constructor(private readonly event: Encoded) {}

  get channel(): string {
    return this.event.name;
  }

  get bytes(): number {
    return bytesOf(this.event);
  }
}

/** Accepts only strings as values; an observer that adds anything else has failed. */
function headersIn(headers: unknown, observer: ContainedObserver): EventHeaders | undefined {
  try {
    const copy = { ...(headers as EventHeaders) };
    if (typeof headers === 'object' && areStrings(copy)) return copy;
    throw new TypeError('Headers must be an object of strings.');
  } catch (error) {
    observer.failed('aroundPublish', error);
    return undefined;
  }
}

function areStrings(headers: EventHeaders): boolean {
  for (const name in headers) if (typeof headers[name] !== 'string') return false;
  return true;
}

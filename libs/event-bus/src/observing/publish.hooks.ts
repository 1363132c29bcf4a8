import { isThenable, toPromise } from '../foreign.js';
import type { EventHeaders } from '../message/event.codec.js';
import type { PreparedEvent } from '../publishing/event.preparer.js';
import { bytesOf } from '../publishing/event.size.js';
import type { PublishOutcome } from '../transports/event.transport.js';
import type { ObservedPublish } from './event-bus.observer.js';
import type { HookWatch } from './hook.watch.js';
import type { ContainedObserver, ObserverRegistry } from './observer.registry.js';
import { OnceCall } from './once.call.js';

/** Prepares an event with additional headers. Settles with the outcome of the event. */
type Publish = (added?: EventHeaders) => Promise<number>;

/** A value prepared within hooks, which wait for its outcome. */
export interface HookedEvent<T> {
  readonly prepared: T;
  /** Must be called once. */
  readonly settled: (outcome: PublishOutcome) => void;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Runs the publish hooks of observers. Exactly one event is published, whatever a hook does. */
export class PublishHooks {
  /** No observer has such a hook. */
  isEmpty = true;
  private observers: readonly ContainedObserver[] = [];

  constructor(
    private readonly bus: string,
    registry: ObserverRegistry,
    private readonly watch: HookWatch,
  ) {
    const update = () => {
      this.observers = registry.withHook('aroundPublish');
      this.isEmpty = this.observers.length === 0;
    };
    registry.onChange(update);
    update();
  }

  /**
   * Prepares the event once, before it returns. The first observer is the outermost, and headers of an inner one take
   * precedence.
   * @param prepare must not throw
   */
  prepare<T>(
    publish: Omit<ObservedPublish, 'bus' | 'encoded'>,
    prepare: (added?: EventHeaders) => T,
  ): HookedEvent<T> {
    const about: Writable<ObservedPublish> = { bus: this.bus, ...publish };
    // `run` makes its inner call before it returns.
    let hooked!: HookedEvent<T>;
    const innermost: Publish = (added) =>
      new Promise((resolve, reject) => {
        const settled = (outcome: PublishOutcome) => {
          if ('error' in outcome) reject(outcome.error);
          else resolve(outcome.subscriptions);
        };
        const prepared = prepare(publish.carriesMetadata ? added : undefined);
        if (isEncoded(prepared)) about.encoded = new EncodedEvent(prepared);
        hooked = { prepared, settled };
      });
    const chain = this.observers.reduceRight<Publish>(
      (inner, observer) => (added) =>
        this.run(observer, about, (more) => inner(more === undefined ? added : { ...added, ...more })),
      innermost,
    );
    chain().catch(() => undefined);
    return hooked;
  }

  private run(observer: ContainedObserver, publish: ObservedPublish, next: Publish): Promise<number> {
    const call = new OnceCall<EventHeaders, Promise<number>>((headers) => next(headersIn(headers, observer)));
    let end: Promise<unknown> | undefined;
    try {
      const returned = observer.observer.aroundPublish?.(publish, call.next);
      if (isThenable(returned)) end = toPromise(returned);
    } catch (error) {
      observer.failed('aroundPublish', error);
    }
    const sent = call.next();
    const { channel } = publish;
    if (end !== undefined) void this.watch.follow({ observer, name: 'aroundPublish', channel, end, call });
    return sent;
  }
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
  if (headers === undefined) return undefined;
  try {
    const copy = { ...(headers as EventHeaders) };
    if (typeof headers === 'object' && Object.values(copy).every((value) => typeof value === 'string'))
      return copy;
    throw new TypeError('Headers must be an object of strings.');
  } catch (error) {
    observer.failed('aroundPublish', error);
    return undefined;
  }
}

import { isObject } from '../option.checks.js';
import { ignoreRejection, isThenable, toPromise } from '../foreign.js';
import type { EventCodec } from '../message/event.codec.js';
import type { EventTransport } from '../transports/event.transport.js';
import type { AroundTransport, ObservedTransport } from './event-bus.observer.js';
import type { ContainedObserver, ObserverRegistry } from './observer.registry.js';
import { OnceCall } from './once.call.js';

/** Makes one call. Returns and throws what the call does. */
type Run = (call: () => unknown) => unknown;

/** Calls the transport through the hooks of observers: exactly once, whatever a hook does. */
export class TransportHooks {
  constructor(
    private readonly bus: string,
    private readonly observers: ObserverRegistry,
  ) {}

  /** The transport to use: the given one if no observer wraps it. The first observer is the outermost. */
  around(
    transport: EventTransport,
    { name: codec, carriesMetadata = false }: Pick<EventCodec, 'name' | 'carriesMetadata'>,
  ): EventTransport {
    const { name, address } = transport;
    const about = { bus: this.bus, transport: name, address, codec, carriesMetadata };
    const runs = this.observers.withHook('aroundTransport').flatMap((observer) => {
      const hook = ask(observer, about);
      return hook === undefined ? [] : [runThrough(observer, hook)];
    });
    if (runs.length === 0) return transport;
    return calledThrough(transport, (call) =>
      runs.reduceRight<() => unknown>((inner, run) => () => run(inner), call)(),
    );
  }
}

function ask(
  { observer, failed }: ContainedObserver,
  transport: ObservedTransport,
): AroundTransport | undefined {
  try {
    const hook: unknown = observer.aroundTransport?.(transport);
    if (hook === undefined || typeof hook === 'function') return hook as AroundTransport | undefined;
    ignoreRejection(hook);
    throw new TypeError('It must return a function, or undefined.');
  } catch (error) {
    failed('aroundTransport', error);
    return undefined;
  }
}

function runThrough({ failed }: ContainedObserver, hook: AroundTransport): Run {
  const hookFailed = (error: unknown) => failed('aroundTransport', error);
  return (inner) => {
    const call = new OnceCall(inner, undefined, undefined);
    try {
      const returned: unknown = hook(() => call.make());
      if (isThenable(returned)) toPromise(returned).catch(hookFailed);
    } catch (error) {
      hookFailed(error);
    }
    return call.next();
  };
}

/** An object with the same members, whose methods are called by `run`. Includes those of its members that are objects. */
function calledThrough<T extends object>(target: T, run: Run): T {
  const known = new WeakMap<object, unknown>();
  const wrap = (value: object): unknown =>
    typeof value === 'function'
      ? (...args: readonly unknown[]) => run(() => Reflect.apply(value, target, args) as unknown)
      : calledThrough(value, run);
  // Inherits from the target, which may be frozen: a proxy of that could not return other methods.
  return new Proxy<T>(Object.create(target) as T, {
    get(_target, name) {
      const value: unknown = Reflect.get(target, name, target);
      // The only member that is an object with methods.
      const isCallable = typeof value === 'function' || (name === 'keyspace' && isObject(value));
      if (!isCallable) return value;
      if (!known.has(value)) known.set(value, wrap(value));
      return known.get(value);
    },
  });
}

import { InvalidOptionError } from '../errors.js';
import type { EventBusObserver } from './event-bus.observer.js';
import type { ObserverRegistry } from './observer.registry.js';
import { observerProblem } from './observer.registry.js';

/** The observers of one bus, where they are added at run time. */
export class EventBusObservers {
  readonly #registry: ObserverRegistry;

  /** @internal */
  constructor(registry: ObserverRegistry) {
    this.#registry = registry;
  }

  /**
   * Adds an observer behind those that are there. Its methods are looked up now. Added in a constructor or in `onModuleInit`, it
   * misses nothing of the application's handlers; the option `observers` is there before the bus connects.
   *
   * @returns what removes the observer. Idempotent.
   * @throws InvalidOptionError when it has no method of an {@link EventBusObserver}.
   */
  add(observer: EventBusObserver): () => void {
    const problem = observerProblem(observer);
    if (problem !== undefined) throw new InvalidOptionError('observer', problem);
    return this.#registry.add(observer);
  }
}

import { InvalidOptionError } from '../errors.js';
import type { EventBusObserver } from './event-bus.observer.js';
import type { ObserverRegistry } from './observer.registry.js';
import { observerProblem } from './observer.registry.js';

/** The observers of one bus. Adds observers at run time. */
export class EventBusObservers {
  readonly #registry: ObserverRegistry;

  /** @internal */
  constructor(registry: ObserverRegistry) {
    this.#registry = registry;
  }

  /**
   * Adds an observer after the existing ones. Its methods are looked up now. Added in a constructor or in `onModuleInit`, it
   * misses no fact about the application's handlers; observers of the option `observers` are present before the bus connects.
   *
   * @returns a function that removes the observer. Idempotent.
   * @throws InvalidOptionError when it has no method of an {@link EventBusObserver}.
   */
  add(observer: EventBusObserver): () => void {
    const problem = observerProblem(observer);
    if (problem !== undefined) throw new InvalidOptionError('observer', problem);
    return this.#registry.add(observer);
  }
}

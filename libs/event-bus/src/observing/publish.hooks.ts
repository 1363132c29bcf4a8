import type { EventHeaders } from '../message/event.codec.js';
import type { ObservedPublish } from './event-bus.observer.js';
import type { HookWatch } from './hook.watch.js';
import type { Writable } from './hooked.publish.js';
import { HookedPublish } from './hooked.publish.js';
import type { ContainedObserver, ObserverRegistry } from './observer.registry.js';

/** Runs the publish hooks of observers. Exactly one event is published, whatever a hook does. */
export class PublishHooks {
  /** No observer has such a hook. */
  isEmpty = true;
  private observers: readonly ContainedObserver[] = [];

  constructor(
    readonly bus: string,
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
   * @param about what the hooks are told. It is theirs from now on
   * @param prepare must not throw
   */
  prepare<T>(about: Writable<ObservedPublish>, prepare: (added?: EventHeaders) => T): HookedPublish<T> {
    const hooked = new HookedPublish(about, this.observers, this.watch, prepare);
    hooked.enter(0);
    return hooked;
  }
}

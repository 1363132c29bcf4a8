import type { EventBusObserver } from '../observing/event-bus.observer.js';

/** Whoever waits until a bus has done what it got. */
export interface WorkingBus {
  /** Resolves when everything that came in was handed on, and no handler has anything to do. */
  whenIdle(): Promise<void>;
}

/** What the testing kit wants of every bus of an application. */
export interface BusTestKit {
  /** Behind those of the bus' own options. */
  readonly observers: readonly EventBusObserver[];
  /** A bus was made. */
  attached(bus: WorkingBus, prefix: string): void;
}

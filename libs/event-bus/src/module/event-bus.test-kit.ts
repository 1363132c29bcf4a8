import type { EventBusObserver } from '../observing/event-bus.observer.js';

/** A part that waits until a bus has handled what it received. */
export interface WorkingBus {
  /** Resolves when all received messages have been passed on, and no handler is running or has pending events. */
  whenIdle(): Promise<void>;
}

/** What the testing kit adds to every bus of an application. */
export interface BusTestKit {
  /** Called after the observers of the bus' own options. */
  readonly observers: readonly EventBusObserver[];
  /** A bus was created. */
  attached(bus: WorkingBus, prefix: string): void;
}

import type { EventBusInspector, EventBusSnapshot } from '../introspection/event-bus.inspector.js';
import type { DeclaredTargets } from './received.counts.js';

/** What a bus is like now. */
export class BusState {
  private taken: EventBusSnapshot | undefined;

  constructor(private readonly inspector: Pick<EventBusInspector, 'snapshot' | 'describe'>) {}

  /** All metrics of a scrape are read in one go, and share a snapshot. */
  get snapshot(): EventBusSnapshot {
    if (this.taken === undefined) {
      this.taken = this.inspector.snapshot();
      queueMicrotask(() => (this.taken = undefined));
    }
    return this.taken;
  }

  declaredTargets(): DeclaredTargets {
    const names = new Map<string, string>();
    for (const { isListener, targets } of this.inspector.describe().handlers) {
      if (isListener) continue;
      for (const { name, target } of targets) if (!names.has(name)) names.set(name, target);
    }
    return names;
  }
}

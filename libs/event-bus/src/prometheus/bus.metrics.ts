import type { OnApplicationShutdown } from '@nestjs/common';
import type { EventBusInspector } from '../introspection/event-bus.inspector.js';
import type { EventBusObservers } from '../observing/event-bus.observers.js';
import { BusCounts } from './bus.counts.js';
import { READINGS } from './bus.readings.js';
import { BusState } from './bus.state.js';
import type { MetricsSettings } from './event-bus-metrics.options.js';
import { registerBus } from './metrics.registry.js';

/** The metrics of one bus, in their registry from the start of the application until its end. */
export class BusMetrics implements OnApplicationShutdown {
  private readonly unregister: () => void;

  /** @throws ConfigurationError when the registry does not take them */
  constructor(settings: MetricsSettings, observers: EventBusObservers, inspector: EventBusInspector) {
    const state = new BusState(inspector);
    const counts = new BusCounts(settings.buckets, () => state.declaredTargets());
    this.unregister = registerBus(settings, (key) => READINGS[key](counts, state));
    observers.add(counts);
    // Nest calls no hook of an application that cannot start.
    observers.add({ startFailed: () => this.unregister() });
  }

  onApplicationShutdown(): void {
    this.unregister();
  }
}

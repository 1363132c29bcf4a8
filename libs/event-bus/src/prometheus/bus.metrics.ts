import type { OnApplicationShutdown } from '@nestjs/common';
import type { EventBusInspector } from '../introspection/event-bus.inspector.js';
import type { EventBusObservers } from '../observing/event-bus.observers.js';
import { MetricsObserver } from './metrics.observer.js';
import type { BusMetricsSettings } from './metrics.options.js';

/** The metrics of the bus of a module, in their registry from the start of the application until its end. */
export class BusMetrics implements OnApplicationShutdown {
  private readonly observer: MetricsObserver;

  /** @throws ConfigurationError when the registry does not take them */
  constructor(settings: BusMetricsSettings, observers: EventBusObservers, inspector: EventBusInspector) {
    this.observer = new MetricsObserver(settings);
    // An observer's own errors are logged; this one fails the start.
    this.observer.attach(settings.bus, inspector);
    observers.add(this.observer);
  }

  onApplicationShutdown(): void {
    this.observer.remove();
  }
}

import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { ConfigurationError, quote } from '../errors.js';
import { EventBusInspector } from '../introspection/event-bus.inspector.js';
import { eventBusToken } from '../module/event-bus.inject.js';
import { isObject } from '../option.checks.js';
import { EventBusObservers } from '../observing/event-bus.observers.js';
import { BusMetrics } from './bus.metrics.js';
import type { EventBusMetricsOptions } from './event-bus-metrics.options.js';
import { resolveMetricsOptions } from './event-bus-metrics.options.js';

/**
 * Metrics of a bus for Prometheus, in a registry of the application: import it next to `EventBusModule`, once for each bus. It
 * has no route: whatever serves the registry serves them, too.
 */
@Module({})
export class EventBusMetricsModule {
  /**
   * The metrics of one bus. Only `registry` is required.
   * @throws ConfigurationError when the application starts, with what is wrong with the options, or with a name that the registry has already.
   */
  static forRoot(options: EventBusMetricsOptions): DynamicModule {
    const bus = isObject(options) && typeof options.bus === 'string' ? options.bus : undefined;
    return {
      module: EventBusMetricsModule,
      providers: [
        {
          provide: BusMetrics,
          useFactory: (observers?: EventBusObservers, inspector?: EventBusInspector) => {
            const settings = resolveMetricsOptions(options);
            if (observers === undefined || inspector === undefined) throw missing(settings.bus);
            return new BusMetrics(settings, observers, inspector);
          },
          inject: [
            { token: eventBusToken(EventBusObservers, bus), optional: true },
            { token: eventBusToken(EventBusInspector, bus), optional: true },
          ],
        },
      ],
    };
  }
}

function missing(bus: string): ConfigurationError {
  return new ConfigurationError([
    `EventBusMetricsModule finds no bus ${quote(bus)}. Import EventBusModule with that name, with isGlobal: true.`,
  ]);
}

import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { ConfigurationError, quote } from '../errors.js';
import { EventBusInspector } from '../introspection/event-bus.inspector.js';
import { EventBusStatus } from '../introspection/event-bus.status.js';
import type { BusAccess } from '../module/bus.access.js';
import { busAccessToken } from '../module/bus.access.js';
import { eventBusToken } from '../module/event-bus.inject.js';
import { isObject } from '../option.checks.js';
import { EventBusObservers } from '../observing/event-bus.observers.js';
import { BusReports } from './bus.reports.js';
import type { EventBusReportingOptions } from './reporting.options.js';
import { resolveReporting } from './reporting.options.js';

/**
 * Each instance says over the bus what it does, for a command line or a console that listens: import it next to `EventBusModule`,
 * once for each bus. While nobody listens it says hello every 5 seconds; while somebody does, it reports every second.
 */
@Module({})
export class EventBusReportingModule {
  /**
   * The reports of one bus. No option is required.
   * @throws ConfigurationError when the application starts, with what is wrong with the options. It starts also if it may not
   * publish its reports.
   */
  static forRoot(options: EventBusReportingOptions = {}): DynamicModule {
    const bus = isObject(options) && typeof options.bus === 'string' ? options.bus : undefined;
    return {
      module: EventBusReportingModule,
      providers: [
        {
          provide: BusReports,
          useFactory: (
            observers?: EventBusObservers,
            inspector?: EventBusInspector,
            status?: EventBusStatus,
            access?: BusAccess,
          ) => {
            const settings = resolveReporting(options);
            if (!observers || !inspector || !status || !access) throw missing(settings.bus);
            return new BusReports(settings, { observers, inspector, status, access });
          },
          inject: [
            { token: eventBusToken(EventBusObservers, bus), optional: true },
            { token: eventBusToken(EventBusInspector, bus), optional: true },
            { token: eventBusToken(EventBusStatus, bus), optional: true },
            { token: busAccessToken(bus), optional: true },
          ],
        },
      ],
    };
  }
}

function missing(bus: string): ConfigurationError {
  return new ConfigurationError([
    `EventBusReportingModule finds no bus ${quote(bus)}. Import EventBusModule with that name, with isGlobal: true.`,
  ]);
}

import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { ConfigurationError, quote } from '../errors.js';
import { DEFAULT_BUS } from '../module/event-bus.constants.js';
import { eventBusToken } from '../module/event-bus.inject.js';
import { fitting, isObject } from '../option.checks.js';
import { EventBusObservers } from '../observing/event-bus.observers.js';
import { ReportsObserver } from './event-bus-reports.observer.js';
import type { EventBusReportingOptions } from './reporting.options.js';
import { resolveReporting } from './reporting.options.js';

const BUS = {
  bus: fitting(
    (value) => typeof value === 'string' && value !== '',
    'must be the name of a bus, as in EventBusModule.forRoot({ name }).',
  ),
};

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
    const bus = isObject(options) && typeof options.bus === 'string' ? options.bus : DEFAULT_BUS;
    return {
      module: EventBusReportingModule,
      providers: [
        {
          provide: ReportsObserver,
          useFactory: (observers?: EventBusObservers) => {
            const reports = new ReportsObserver(resolveReporting('EventBusReportingModule', options, BUS));
            if (observers === undefined) throw missing(bus);
            observers.add(reports);
            return reports;
          },
          inject: [{ token: eventBusToken(EventBusObservers, bus), optional: true }],
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

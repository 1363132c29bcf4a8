import type { AttachedFact } from '../observing/bus.facts.js';
import type { EventBusObserver } from '../observing/event-bus.observer.js';
import { BusReports } from './bus.reports.js';
import type { SenderClock } from './report.sender.js';
import type { ReportingOptions, ReportingSettings } from './reporting.options.js';
import { resolveReporting } from './reporting.options.js';

/**
 * The reports of a bus that no module has, such as that of an `EventBusServer` or `EventBusClient`. Each bus is an instance of its
 * own in the reports: give each a `name`. One observer may be passed to several of them.
 *
 * @example new EventBusServer({ transport, name: 'rpc', observers: [eventBusReports({ service: 'orders' })] })
 * @throws ConfigurationError with everything that is wrong with the options.
 */
export function eventBusReports(options: ReportingOptions = {}): EventBusObserver {
  return new ReportsObserver(resolveReporting('eventBusReports()', options));
}

/** Each bus that it is added to reports. A client that could not connect has a new bus for its next attempt. */
export class ReportsObserver implements EventBusObserver {
  constructor(
    private readonly settings: ReportingSettings,
    private readonly clock?: SenderClock,
  ) {}

  attached(bus: AttachedFact): void {
    new BusReports(this.settings, bus, this.clock);
  }
}

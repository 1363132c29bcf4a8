import { BusReporter } from '../../libs/event-bus/src/observing/bus.reporter.js';
import { LogObserver } from '../../libs/event-bus/src/observing/log.observer.js';
import { ObserverRegistry } from '../../libs/event-bus/src/observing/observer.registry.js';
import { ChannelPrefix } from '../../libs/event-bus/src/routing/channel-prefix.js';

/** What the parts of a bus report to, with the log of the bus as the last of its observers. */
export function observedReporter(bus = 'default', prefix = '') {
  const observers = new ObserverRegistry(new LogObserver(bus));
  return { observers, reporter: new BusReporter(bus, new ChannelPrefix(prefix), observers) };
}

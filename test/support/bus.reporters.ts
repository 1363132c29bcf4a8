import { StuckWatch } from '../../libs/event-bus/src/dispatching/stuck.watch.js';
import { BusObservation } from '../../libs/event-bus/src/observing/bus.observation.js';
import type { BusReporter } from '../../libs/event-bus/src/observing/bus.reporter.js';
import type { ObserverRegistry } from '../../libs/event-bus/src/observing/observer.registry.js';
import type { PublishHooks } from '../../libs/event-bus/src/observing/publish.hooks.js';
import { ChannelPrefix } from '../../libs/event-bus/src/routing/channel-prefix.js';

/** What the parts of a bus report to, with the log of the bus as the last of its observers. */
export function observedReporter(name = 'default'): {
  readonly observers: ObserverRegistry;
  readonly reporter: BusReporter;
  readonly publishHooks: PublishHooks;
} {
  const bus = { name, prefix: new ChannelPrefix(''), observers: [], stuckAfterMs: false } as const;
  const { registry, reporter, publishHooks } = new BusObservation(bus, new StuckWatch());
  return { observers: registry, reporter, publishHooks };
}

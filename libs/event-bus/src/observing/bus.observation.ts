import type { StuckWatch } from '../dispatching/stuck.watch.js';
import type { ChannelPrefix } from '../routing/channel-prefix.js';
import { BusReporter } from './bus.reporter.js';
import type { EventBusObserver } from './event-bus.observer.js';
import { EventBusObservers } from './event-bus.observers.js';
import { HandleHooks } from './handle.hooks.js';
import { HookWatch } from './hook.watch.js';
import type { LogFormat } from './log.line.js';
import { LogObserver } from './log.observer.js';
import { ObserverRegistry } from './observer.registry.js';
import { PublishHooks } from './publish.hooks.js';
import { TransportHooks } from './transport.hooks.js';

/** The name of the observed bus. */
export interface ObservedBus {
  readonly name: string;
  readonly prefix: ChannelPrefix;
  /** The observers that are present from the start. */
  readonly observers: readonly EventBusObserver[];
  /** A hook that runs for longer than this is reported. */
  readonly stuckAfterMs: number | false;
  /** @default 'text' */
  readonly logFormat?: LogFormat;
}

/** Everything that observes one bus, put together. */
export class BusObservation {
  readonly registry: ObserverRegistry;
  /** Takes what the parts of the bus report. */
  readonly reporter: BusReporter;
  readonly handleHooks: HandleHooks;
  readonly publishHooks: PublishHooks;
  readonly transportHooks: TransportHooks;
  /** For the application. */
  readonly observers: EventBusObservers;

  constructor({ name, prefix, observers, stuckAfterMs, logFormat }: ObservedBus, watch: StuckWatch) {
    this.registry = new ObserverRegistry(new LogObserver(name, logFormat));
    for (const observer of observers) this.registry.add(observer);
    this.observers = new EventBusObservers(this.registry);
    this.reporter = new BusReporter(name, prefix, this.registry);
    const hooks = new HookWatch(watch, stuckAfterMs, (...hook) => this.reporter.hookStuck(...hook));
    this.handleHooks = new HandleHooks(name, this.registry, hooks);
    this.publishHooks = new PublishHooks(name, this.registry, hooks);
    this.transportHooks = new TransportHooks(name, this.registry);
  }
}

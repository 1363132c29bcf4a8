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

/** Of the bus that is observed. */
export interface ObservedBus {
  readonly name: string;
  readonly prefix: ChannelPrefix;
  /** Those that are there before anything happens. */
  readonly observers: readonly EventBusObserver[];
  /** From when on a hook that does not end is reported. */
  readonly stuckAfterMs: number | false;
  /** @default 'text' */
  readonly logFormat?: LogFormat;
}

/** Everything through which one bus is observed, put together. */
export class BusObservation {
  readonly registry: ObserverRegistry;
  /** Is told by the parts of the bus what happens. */
  readonly reporter: BusReporter;
  readonly handleHooks: HandleHooks;
  readonly publishHooks: PublishHooks;
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
  }
}

import { ConfigurationError } from '../errors.js';
import { isA } from '../foreign.js';
import type { EventBusInspector } from '../introspection/event-bus.inspector.js';
import type { AttachedFact, StateChangedFact } from '../observing/bus.facts.js';
import { BusCounts } from './bus.counts.js';
import { READINGS } from './bus.readings.js';
import { BusState } from './bus.state.js';
import type { MetricsSettings } from './metrics.options.js';
import { registerBus } from './metrics.registry.js';

/** The metrics of one bus: counted as its observer, and in their registry until the bus is closed. */
export class MetricsObserver extends BusCounts {
  private inspector: EventBusInspector | undefined;
  private state: BusState | undefined;
  private unregister: () => void = () => undefined;

  constructor(private readonly settings: MetricsSettings) {
    super(settings.buckets, () => this.state?.declaredTargets() ?? new Map());
  }

  /** @throws Error, which is logged: an observer cannot keep a bus from starting */
  attached({ bus, inspector }: AttachedFact): void {
    try {
      this.attach(bus, inspector);
    } catch (error) {
      throw isA(error, ConfigurationError) ? new Error(error.problems.join(' ')) : error;
    }
  }

  /**
   * Idempotent. A client that could not connect has a new bus for its next attempt, and goes on with its totals.
   * @throws ConfigurationError when the registry does not take them, or they are those of another bus
   */
  attach(bus: string, inspector: EventBusInspector): void {
    if (inspector === this.inspector) return;
    if (this.inspector !== undefined && this.inspector.snapshot().status !== 'closed')
      throw new ConfigurationError([TAKEN]);
    this.remove();
    const state = new BusState(inspector);
    const { registry, prefix } = this.settings;
    this.unregister = registerBus({ registry, prefix, bus }, (key) => READINGS[key](this, state));
    this.inspector = inspector;
    this.state = state;
    this.receives.forgetDeclared();
  }

  /** Nest calls no hook of an application that cannot start. */
  startFailed(): void {
    this.remove();
  }

  /** Also of a bus that was closed because another one of the application could not start. */
  stateChanged({ state }: Pick<StateChangedFact, 'state'>): void {
    if (state === 'closed') this.remove();
  }

  /** Takes the metrics out of the registry. Idempotent. */
  remove(): void {
    this.unregister();
  }
}

const TAKEN =
  'eventBusMetrics() gives the metrics of one bus, and this one has a bus already. Call it again for each bus.';

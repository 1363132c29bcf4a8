import type { MetricDefinition } from './metric.definitions.js';
import type { Reading } from './bus.readings.js';

/** The metrics of this package in a registry: other buses add their lines to them. */
const METRIC = Symbol.for('nestjs-redis-event-bus:metric:1');

/** Reads the lines of one bus. */
export type ReadLines = () => Iterable<Reading>;

/** One line of a scrape, as a registry takes it. */
export interface MetricValue {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
}

/** A metric as the registries of Prometheus' clients take it. It holds no number: it asks each bus at a scrape. */
export class RegisteredMetric {
  readonly [METRIC] = true;
  readonly help: string;
  readonly type: MetricDefinition['type'];
  readonly aggregator: MetricDefinition['aggregator'];
  readonly labelNames: readonly string[];
  private readonly buses = new Map<string, ReadLines>();

  /** @param name with the prefix. A registry that writes OpenMetrics takes `_total` off it */
  constructor(
    public name: string,
    { help, type, aggregator, labels }: MetricDefinition,
  ) {
    this.help = help;
    this.type = type;
    this.aggregator = aggregator;
    this.labelNames = ['bus', ...labels];
  }

  /** @returns whether the bus had no lines yet */
  add(bus: string, read: ReadLines): boolean {
    if (this.buses.has(bus)) return false;
    this.buses.set(bus, read);
    return true;
  }

  /** @returns whether no bus is left */
  remove(bus: string): boolean {
    this.buses.delete(bus);
    return this.buses.size === 0;
  }

  /** Called by the registry at a scrape. Never throws: one metric must not take the others along. */
  get(): object {
    const { name, help, type, aggregator } = this;
    const values = [...this.buses].flatMap(([bus, read]) => this.valuesOf(bus, read));
    return { name, help, type, aggregator, values };
  }

  /** Called by `resetMetrics()` of the registry. Totals only grow while a bus lives. */
  reset(): void {
    // Prometheus takes a smaller number for a restart of the process.
  }

  private valuesOf(bus: string, read: ReadLines): MetricValue[] {
    try {
      return Array.from(read(), ({ labels, value, suffix }) => ({
        labels: { bus, ...labels },
        value,
        ...(suffix === undefined ? {} : { metricName: `${this.name}${suffix}` }),
      }));
    } catch {
      // A transport of the application may throw when it is asked for its state.
      return [];
    }
  }
}

/** Whether it is a metric of this package, also of another copy of it. */
export function isOurs(metric: unknown): metric is RegisteredMetric {
  return typeof metric === 'object' && metric !== null && METRIC in metric;
}

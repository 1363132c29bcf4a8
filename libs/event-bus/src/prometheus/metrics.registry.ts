import { ConfigurationError, quote } from '../errors.js';
import { reasonOf } from '../foreign.js';
import type { Reading } from './bus.readings.js';
import type { MetricKey } from './metric.definitions.js';
import { METRICS } from './metric.definitions.js';
import { RegisteredMetric, isOurs } from './registered.metric.js';

/** A registry of a Prometheus client: `Registry` of `prom-client` and of `@prometheus-io/client`. */
export interface MetricsRegistry {
  /** Adds a metric. Throws when another one has its name. */
  registerMetric(metric: never): void;
  /** Finds a metric. Without it, a registry has the metrics of one bus. */
  getSingleMetric?(name: string): unknown;
  /** Removes a metric. Without it, the names of a closed bus stay in the registry. */
  removeSingleMetric?(name: string): void;
}

/** Where the metrics of one bus go. */
export interface MetricsPlace {
  readonly registry: MetricsRegistry;
  readonly prefix: string;
  readonly bus: string;
}

/**
 * Puts the metrics of one bus into its registry, together with those of other buses.
 *
 * @returns a function that takes them out again. Idempotent.
 * @throws ConfigurationError when the registry has another metric of the same name, or those of a bus of the same name
 */
export function registerBus(place: MetricsPlace, read: (key: MetricKey) => Iterable<Reading>): () => void {
  const { registry, prefix, bus } = place;
  const added: (readonly [string, RegisteredMetric])[] = [];
  const removeAll = () => {
    for (const [name, metric] of added.splice(0)) if (metric.remove(bus)) removeFrom(registry, name);
  };
  try {
    for (const key of Object.keys(METRICS) as MetricKey[]) {
      const name = `${prefix}_${METRICS[key].name}`;
      const metric = metricIn(place, name, key);
      if (!metric.add(bus, () => read(key))) throw new ConfigurationError([hasBus(place)]);
      added.push([name, metric]);
    }
  } catch (error) {
    removeAll();
    throw error;
  }
  return removeAll;
}

function metricIn({ registry, prefix }: MetricsPlace, name: string, key: MetricKey): RegisteredMetric {
  const metric = new RegisteredMetric(name, METRICS[key]);
  try {
    const found = registry.getSingleMetric?.(name);
    if (isOurs(found)) return found;
    // Each client types its own classes, and takes what looks like one of them.
    registry.registerMetric(metric as never);
  } catch (error) {
    const problem = `The event bus cannot register ${name} (${reasonOf(error)}). Set another prefix than ${quote(prefix)}, or pass another registry.`;
    throw new ConfigurationError([problem]);
  }
  return metric;
}

/** A registry that cannot remove it keeps a metric without lines: no reason for an application not to close. */
function removeFrom(registry: MetricsRegistry, name: string): void {
  try {
    registry.removeSingleMetric?.(name);
  } catch {
    // The registry is code of the application.
  }
}

function hasBus({ bus, prefix }: MetricsPlace): string {
  return `the registry has metrics of a bus ${quote(bus)} with the prefix ${quote(prefix)} already. Each bus needs a name of its own, and its metrics once; applications of one process need registries of their own.`;
}

import type { MetricsRegistry } from 'nestjs-redis-event-bus/prometheus';

/** What the tests need of a registry of either client. */
export type TestRegistry = MetricsRegistry & {
  metrics(): Promise<string>;
  resetMetrics(): void;
  setContentType(type: never): void;
};

const NODE_MAJOR = Number(process.versions.node.split('.')[0]);
/** The clients, and why one is not tried here. */
const CLIENTS = [
  { client: 'prom-client', skipped: undefined },
  {
    client: '@prometheus-io/client',
    skipped: NODE_MAJOR < 22 ? `skipped: it needs Node 22, this is ${process.versions.node}` : undefined,
  },
] as const;

/** Describes the same of each client of Prometheus. */
export function describeClients(
  title: string,
  body: (newRegistry: () => Promise<TestRegistry>) => void,
): void {
  for (const { client, skipped } of CLIENTS) {
    const full = `${title} with ${client}${skipped === undefined ? '' : ` (${skipped})`}`;
    (skipped === undefined ? describe : describe.skip)(full, () => body(() => registryOf(client)));
  }
}

async function registryOf(client: string): Promise<TestRegistry> {
  const { Registry } = (await import(client)) as { readonly Registry: new () => TestRegistry };
  return new Registry();
}

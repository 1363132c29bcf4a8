import type { EventTransport } from '../../transports/event.transport.js';
import type { Finding } from './finding.js';
import { ok, problem } from './finding.js';

const PINGS = 100;
/** No more pings after this. */
const LONG_ENOUGH_MS = 2_000;
/** The heartbeat of a service gives up an answer after 2 s, and each publish waits for one. */
const SLOW_MS = 100;

/** How long Redis takes to answer, measured by PING. */
export async function checkRoundTrips(transport: EventTransport): Promise<Finding> {
  const trips: number[] = [];
  const startedMs = performance.now();
  while (trips.length < PINGS && performance.now() - startedMs < LONG_ENOUGH_MS) {
    const sentMs = performance.now();
    await transport.ping?.();
    trips.push(performance.now() - sentMs);
  }
  const sorted = trips.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  const text = `p50 ${inMs(at(0.5))}, p99 ${inMs(at(0.99))} of ${trips.length} round trips`;
  return at(0.5) > SLOW_MS
    ? problem(
        'round-trip',
        text,
        'Move the service nearer to Redis, or see redis-cli --latency and SLOWLOG GET.',
      )
    : ok('round-trip', text);
}

function inMs(ms: number): string {
  return `${ms.toFixed(2)} ms`;
}

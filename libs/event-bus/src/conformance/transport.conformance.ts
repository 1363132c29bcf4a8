import { bodyConformance } from './body.conformance.js';
import { claimConformance } from './claim.conformance.js';
import { closingConformance } from './closing.conformance.js';
import { deliveryConformance } from './delivery.conformance.js';
import { inspectionConformance } from './inspection.conformance.js';
import { linkConformance } from './link.conformance.js';
import { nameConformance } from './name.conformance.js';
import { shardConformance } from './shard.conformance.js';
import { streamConformance } from './stream.conformance.js';
import { subscribingConformance } from './subscribing.conformance.js';
import type { TransportConformanceTest } from './transport.harness.js';

export type { TransportConformanceTest, TransportHarness } from './transport.harness.js';

/**
 * What every transport promises, as tests that need no test runner: each uses only node:assert, opens its own transports and
 * closes them. `describeTransport` registers them with Jest or Vitest.
 */
export const transportConformance: readonly TransportConformanceTest[] = [
  ...deliveryConformance,
  ...bodyConformance,
  ...nameConformance,
  ...subscribingConformance,
  ...streamConformance,
  ...closingConformance,
  ...inspectionConformance,
  ...claimConformance,
  ...linkConformance,
  ...shardConformance,
];

export { describeTransport } from './describe-transport.js';
export type { DescribeTransportOptions } from './describe-transport.js';
export { transportConformance } from './transport.conformance.js';
export type { TransportConformanceTest } from './transport.conformance.js';
export type { TestedCapabilities, TestedCapability, TransportHarness } from './transport.harness.js';

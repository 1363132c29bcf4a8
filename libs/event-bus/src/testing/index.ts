export { EventBusTestingModule } from './event-bus.testing.module.js';
export type { EventBusTestingOptions } from './event-bus.testing.module.js';
export { EventRecorder } from './event.recorder.js';
export type { RecordedEvent, RecordedStage, WaitForOptions } from './event.recorder.js';
export { describeTransport } from './describe-transport.js';
export type { DescribeTransportOptions } from './describe-transport.js';
export { transportConformance } from './transport.conformance.js';
export type { TransportConformanceTest } from './transport.conformance.js';
export type { TransportHarness } from './transport.harness.js';

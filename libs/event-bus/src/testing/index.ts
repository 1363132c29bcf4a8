export { EventBusTestingModule } from './event-bus.testing.module.js';
export type { EventBusTestingOptions } from './event-bus.testing.module.js';
export { EventBusFaults } from './event-bus.faults.js';
export type { DisconnectOptions, Fault, SlowOptions } from './event-bus.faults.js';
export { EventRecorder } from './event.recorder.js';
export type { RecordedEvent, RecordedStage, WaitForOptions } from './event.recorder.js';

/** @deprecated Import it from `nestjs-redis-event-bus/conformance`. This export will be removed in the next minor version. */
export { describeTransport, transportConformance } from '../conformance/index.js';
/** @deprecated Import it from `nestjs-redis-event-bus/conformance`. This export will be removed in the next minor version. */
export type {
  DescribeTransportOptions,
  TestedCapabilities,
  TransportConformanceTest,
  TransportHarness,
} from '../conformance/index.js';

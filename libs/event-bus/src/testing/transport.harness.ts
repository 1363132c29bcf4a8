import type {
  EventTransport,
  TransportCapabilities,
  TransportListener,
} from '../transports/event.transport.js';

/** How the conformance suite gets transports of one kind. */
export interface TransportHarness {
  /** A new transport for this listener, not yet connected. All of them reach the same broker. */
  open(listener: TransportListener): Promise<EventTransport>;
  /** What they can do. Tests that need more are skipped. */
  readonly capabilities: TransportCapabilities;
}

/** One promise that every transport keeps. */
export interface TransportConformanceTest {
  /** Completes the sentence "the transport …". */
  readonly name: string;
  /** Without this capability there is nothing to test. */
  readonly requires?: keyof TransportCapabilities;
  /** Rejects when the promise is not kept. Closes every transport that it opened. */
  run(harness: TransportHarness): Promise<void>;
}

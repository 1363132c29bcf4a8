import type {
  EventTransport,
  TransportCapabilities,
  TransportListener,
} from '../transports/event.transport.js';

/** What the conformance suite has tests for beyond what every transport must do. */
export interface TestedCapabilities extends TransportCapabilities {
  /**
   * It has the facet `claim`.
   * @default false
   */
  readonly claim?: boolean | undefined;
  /**
   * It has the facet `inspect`.
   * @default true
   */
  readonly inspection?: boolean | undefined;
  /**
   * What it says of a publish counts every subscription, and patterns are counted once. Otherwise these numbers may be
   * other ones, as on a Cluster, where each node counts its own.
   * @default true
   */
  readonly exactCounts?: boolean | undefined;
}

/** What a test of the suite may need. */
export type TestedCapability = 'shard' | 'claim' | 'inspection';

/** Which of them the transport lacks. */
export function missingCapability(
  required: readonly TestedCapability[] = [],
  { shard, claim = false, inspection = true }: TestedCapabilities,
): TestedCapability | undefined {
  const known: Readonly<Record<TestedCapability, boolean>> = { shard, claim, inspection };
  return required.find((capability) => !known[capability]);
}

/** How the conformance suite gets transports of one kind. */
export interface TransportHarness {
  /** A new transport for this listener, not yet connected. All of them reach the same broker. */
  open(listener: TransportListener): Promise<EventTransport>;
  /** What they can do. Tests that need more are skipped. */
  readonly capabilities: TestedCapabilities;
}

/** One promise that every transport keeps. */
export interface TransportConformanceTest {
  /** Completes the sentence "the transport …". */
  readonly name: string;
  /** Without these capabilities there is nothing to test. */
  readonly requires?: readonly TestedCapability[] | undefined;
  /** Rejects when the promise is not kept. Closes every transport that it opened. */
  run(harness: TransportHarness): Promise<void>;
}

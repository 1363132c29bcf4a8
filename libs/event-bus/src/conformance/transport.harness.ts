import type {
  EventTransport,
  TransportCapabilities,
  TransportListener,
} from '../transports/event.transport.js';

/** The optional features that the conformance suite tests. */
export interface TestedCapabilities extends TransportCapabilities {
  /**
   * Whether it has the facet `claim`.
   * @default false
   */
  readonly claim?: boolean | undefined;
  /**
   * Whether it has the facets `links` and `ping`.
   * @default false
   */
  readonly links?: boolean | undefined;
  /**
   * Whether it has the facet `inspect`.
   * @default true
   */
  readonly inspection?: boolean | undefined;
  /**
   * Whether the number that a publish reports counts every subscription, and patterns once. Otherwise the numbers may differ,
   * as on a Cluster, where each node counts its own subscriptions.
   * @default true
   */
  readonly exactCounts?: boolean | undefined;
}

/** A capability that a test may need. */
export type TestedCapability = 'shard' | 'claim' | 'links' | 'inspection';

/** The needed capabilities that the transport lacks. */
export function missingCapability(
  required: readonly TestedCapability[] = [],
  { shard, claim = false, links = false, inspection = true }: TestedCapabilities,
): TestedCapability | undefined {
  const known: Readonly<Record<TestedCapability, boolean>> = { shard, claim, links, inspection };
  return required.find((capability) => !known[capability]);
}

/** Provides the conformance suite with transports of one kind. */
export interface TransportHarness {
  /** Creates a transport for this listener, not yet connected. All transports reach the same broker. */
  open(listener: TransportListener): Promise<EventTransport>;
  /** The capabilities of the transports. Tests that need others are skipped. */
  readonly capabilities: TestedCapabilities;
}

/** One promise that every transport keeps. */
export interface TransportConformanceTest {
  /** Completes the sentence "the transport …". */
  readonly name: string;
  /** The capabilities that the test needs. */
  readonly requires?: readonly TestedCapability[] | undefined;
  /** Rejects when the promise is not kept. Closes every transport that it opened. */
  run(harness: TransportHarness): Promise<void>;
}

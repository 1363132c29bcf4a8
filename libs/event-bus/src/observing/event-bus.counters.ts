/** What the bus has counted since it started. */
export type EventBusCounters = typeof NO_COUNTS;

/** At the start. */
export const NO_COUNTS = {
  published: 0,
  publishFailed: 0,
  handled: 0,
  failed: 0,
  /** Calls that failed and were made again. */
  repeated: 0,
  /**
   * Messages that a handler did not get: too large, not readable by the codec, invalid for the contract, or not claimable by
   * its group.
   */
  rejected: 0,
  /** Events that were dropped because the buffer of a handler was full. */
  dropped: 0,
  /** Events that another instance of the handler's group claimed. */
  leftToGroup: 0,
  /** Dead letters published. */
  deadLettered: 0,
  /** Dead letters that could not be published. */
  deadLettersLost: 0,
  gaps: 0,
  /** Events that are certainly missing, including the dropped ones: the sum over all gaps. */
  missed: 0,
};

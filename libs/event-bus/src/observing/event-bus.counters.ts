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
  /** Messages that a handler did not get: too large, not what the codec reads, not what the contract says, or not to be shared. */
  rejected: 0,
  /** Events that waited for a handler, or were to, and found no room. */
  dropped: 0,
  /** Events that another instance of the handler's group has. */
  leftToGroup: 0,
  /** Dead letters published. */
  deadLettered: 0,
  /** Dead letters that could not be published. */
  deadLettersLost: 0,
  gaps: 0,
  /** Events that are missing for sure, the dropped ones included: what the gaps say together. */
  missed: 0,
};

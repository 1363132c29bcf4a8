/** What the bus has counted since it started. */
export interface EventBusCounters {
  published: number;
  publishFailed: number;
  handled: number;
  failed: number;
  /** Calls that failed and were made again. */
  repeated: number;
  /** Messages that a handler did not get: too large, not what the codec reads, not what the contract says, or not to be shared. */
  rejected: number;
  /** Events that waited for a handler, or were to, and found no room. */
  dropped: number;
  /** Events that another instance of the handler's group has. */
  leftToGroup: number;
  /** Dead letters published. */
  deadLettered: number;
  /** Dead letters that could not be published. */
  deadLettersLost: number;
  gaps: number;
  /** Events that are missing for sure, the dropped ones included: what the gaps say together. */
  missed: number;
}

/** All of them 0. */
export function noCounts(): EventBusCounters {
  return {
    published: 0,
    publishFailed: 0,
    handled: 0,
    failed: 0,
    repeated: 0,
    rejected: 0,
    dropped: 0,
    leftToGroup: 0,
    deadLettered: 0,
    deadLettersLost: 0,
    gaps: 0,
    missed: 0,
  };
}

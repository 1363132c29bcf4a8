/**
 * How long, in milliseconds, a node may need to forward over the Cluster bus what it has accepted or delivered. A connection
 * that moves to another node earlier could receive messages twice there, or overtake them.
 */
export const HAND_OVER_MS = 100;

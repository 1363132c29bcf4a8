/**
 * So long, in milliseconds, a node may need to pass on over the bus of the Cluster what it has accepted or delivered. Whoever goes on
 * at another node before that would get it twice there, or overtake it.
 */
export const HAND_OVER_MS = 100;

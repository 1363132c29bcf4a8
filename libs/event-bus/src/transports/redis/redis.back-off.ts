/**
 * Chooses the attempt number of the next connection attempt. A proven link is replaced at once. Links that are repeatedly lost
 * before they are proven are not: each attempt costs the server a connection, and the cause of the loss probably remains.
 */
export class RedisBackOff {
  /** The latest link became ready, but is not counted yet. */
  private isUncounted = false;
  /** Consecutive links that became ready but were not proven. */
  private youngDeaths = 0;

  /** A link is ready. */
  begin(): void {
    this.isUncounted = true;
  }

  /**
   * @param attempt by the driver's count, which restarts with each link that is ready
   * @param isProved whether the latest link has answered a heartbeat, delivered a message or accepted one
   */
  next(attempt: number, isProved: boolean): number {
    if (this.isUncounted) this.youngDeaths = isProved ? 0 : this.youngDeaths + 1;
    this.isUncounted = false;
    return Math.max(attempt, this.youngDeaths);
  }
}

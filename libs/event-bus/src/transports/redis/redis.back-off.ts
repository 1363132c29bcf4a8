/**
 * Which attempt to connect the next one counts as. A link that has proved itself is replaced at once; one that dies before it
 * has, again and again, is not: each attempt costs the server a connection, and whoever ended it will do so again.
 */
export class RedisBackOff {
  /** The latest link became ready, and has not been counted. */
  private isUncounted = false;
  /** Links in a row that became ready and did not prove themselves. */
  private youngDeaths = 0;

  /** A link is ready. */
  begin(): void {
    this.isUncounted = true;
  }

  /**
   * @param attempt by the driver's count, which begins anew with each link that is ready
   * @param isProved whether the latest link has answered a heartbeat, delivered a message or taken one
   */
  next(attempt: number, isProved: boolean): number {
    if (this.isUncounted) this.youngDeaths = isProved ? 0 : this.youngDeaths + 1;
    this.isUncounted = false;
    return Math.max(attempt, this.youngDeaths);
  }
}

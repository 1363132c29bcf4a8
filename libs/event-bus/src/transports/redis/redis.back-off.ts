/**
 * Which attempt to connect the next one counts as. A link that has proved itself is replaced at once; one that dies before it
 * has, again and again, is not: each attempt costs the server a connection, and whoever ended it will do so again.
 */
export class RedisBackOff {
  /** Of the latest link. Undefined when it has been counted, or never became ready. */
  private isProved: boolean | undefined;
  /** Links in a row that became ready and did not prove themselves. */
  private youngDeaths = 0;

  /** A link is ready. */
  begin(): void {
    this.isProved = false;
  }

  /** It has answered a heartbeat, delivered a message or taken one. Called for each event: does next to nothing. */
  prove(): void {
    this.isProved = true;
  }

  /** @param attempt by the driver's count, which begins anew with each link that is ready */
  next(attempt: number): number {
    if (this.isProved !== undefined) this.youngDeaths = this.isProved ? 0 : this.youngDeaths + 1;
    this.isProved = undefined;
    return Math.max(attempt, this.youngDeaths);
  }
}

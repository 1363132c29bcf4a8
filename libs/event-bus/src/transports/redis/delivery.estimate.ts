/** A service that publishes to more channels starts a new estimate. */
const MAX_CHANNELS = 10_000;

/** The expected number of deliveries of an event: as many as the last one on its channel. */
export class DeliveryEstimate {
  private readonly counts = new Map<string, number>();
  private latest = 0;

  /** At least one, because an event without subscribers is work as well. */
  of(channel: string): number {
    return Math.max(1, this.counts.get(channel) ?? this.latest);
  }

  /** @param count the server's answer */
  saw(channel: string, count: number): void {
    this.latest = count;
    if (this.counts.size >= MAX_CHANNELS && !this.counts.has(channel)) this.counts.clear();
    this.counts.set(channel, count);
  }
}

import { deliveryProblems, expectedTally } from '../check/delivery.check.mjs';

/** How far the load may be ahead of the subscriber, in deliveries: it is kept busy, and no buffer of its overflows. */
const AHEAD = 8_192;
/** How often the subscriber says how far it is while the load uses up what it may be ahead. */
const REPORTS_AHEAD = 8;

/** A process with handlers, and what they have to have seen. */
export class CountedSubscriber {
  /** Events published so far, which are the numbers 0 to `events - 1`. */
  events = 0;
  /** From the start of the process until all was subscribed. */
  bootMs;

  /**
   * @param {import('../lab/lab.mjs').Lab} lab
   * @param {string} name of the contender, for messages
   * @param {{ channels: number, handlerCount: number, connections?: number, isSpread?: boolean }} options what the worker
   * opens. With `isSpread` each handler is for the channel of the same place, else for all channels.
   */
  static async open(lab, name, options) {
    const worker = lab.worker('subscriber', options.nodeOptions);
    const subscriber = new CountedSubscriber(lab, name, worker, options);
    subscriber.bootMs = await subscriber.worker.call('open', options);
    return subscriber;
  }

  constructor(lab, name, worker, { channels, handlerCount, connections = 1, isSpread = false }) {
    Object.assign(this, { lab, name, worker, channels, isSpread });
    this.handlerCount = handlerCount * connections;
    /** In events, for the load. */
    this.ahead = Math.max(REPORTS_AHEAD, Math.floor(AHEAD / this.copies));
    worker.on('progress', (deliveries) => this.onProgress?.(Math.floor(deliveries / this.copies)));
  }

  /** Deliveries per event. */
  get copies() {
    return this.isSpread ? 1 : this.handlerCount;
  }

  /**
   * So many more events will come. Resolves when the subscriber is ready for them.
   *
   * @returns {Promise<() => Promise<{ cpuUs: number, wallMs: number, latencies: number[] }>>} resolves when all have been handled
   */
  async arm(events) {
    this.events += events;
    const { copies } = this;
    await this.worker.call('arm', {
      deliveries: events * copies,
      reportEvery: Math.floor(this.ahead / REPORTS_AHEAD) * copies,
    });
    const finished = this.worker.call('finished');
    finished.catch(() => undefined);
    return () =>
      this.lab.unlessStalled(this.worker, finished, async () => {
        const problems = deliveryProblems(this.name, this.expected(), await this.tallies());
        return `${problems.slice(0, 5).join('\n')}\nNothing has come for ${this.lab.stallTimeoutMs} ms.`;
      });
  }

  /** @throws when an event was not delivered exactly once to each handler */
  async check() {
    const problems = deliveryProblems(this.name, this.expected(), await this.tallies());
    if (problems.length > 0) throw new Error(problems.slice(0, 5).join('\n'));
  }

  /** What the process holds after a garbage collection, in bytes; it has to be started with --expose-gc. */
  heapBytes() {
    return this.worker.call('heap');
  }

  async close() {
    await this.lab.release(this.worker);
  }

  tallies() {
    return this.worker.call('tallies');
  }

  expected() {
    const { events, channels } = this;
    if (this.isSpread) {
      return Array.from({ length: this.handlerCount }, (_, channel) =>
        expectedTally({ events, channels, channel }),
      );
    }
    return Array.from({ length: this.handlerCount }, () => expectedTally({ events, channels }));
  }
}

import { sentAtUs } from '../payload/orders.mjs';
import { report } from './serve.mjs';
import { Stopwatch } from './stopwatch.mjs';

/** Counts what the handlers of one process get, and knows when the last event of a round is there. */
export class Arrivals {
  tallies;
  /** Microseconds from publish to handler, where they are asked for. */
  latencies = [];
  total = 0;
  mark = Infinity;
  last = Infinity;

  constructor(handlerCount, { clock = false } = {}) {
    this.tallies = Array.from({ length: handlerCount }, () => ({ count: 0, sum: 0 }));
    this.clock = clock;
  }

  /** What a contender has to call with each order, one function per handler. */
  handlers() {
    return this.tallies.map((tally) => (this.clock ? this.timed(tally) : this.counted(tally)));
  }

  /** A round of so many deliveries begins; each `reportEvery` of them is told. */
  arm(deliveries, reportEvery) {
    this.reportEvery = reportEvery;
    this.latencies = [];
    this.last = this.total + deliveries;
    this.mark = Math.min(this.total + this.reportEvery, this.last);
    this.finished = new Promise((resolve) => (this.finish = resolve));
    this.stopwatch = new Stopwatch();
  }

  counted(tally) {
    return (order) => {
      tally.count += 1;
      tally.sum += order.totalCents;
      this.total += 1;
      if (this.total === this.mark) this.reached();
    };
  }

  timed(tally) {
    const count = this.counted(tally);
    return (order) => {
      this.latencies.push(sentAtUs() - order.sentAtUs);
      count(order);
    };
  }

  reached() {
    if (this.total < this.last) {
      this.mark = Math.min(this.mark + this.reportEvery, this.last);
      report('progress', this.total);
      return;
    }
    // What is still to do for the last events belongs to the round.
    setImmediate(() => this.finish(this.stopwatch.read()));
  }
}

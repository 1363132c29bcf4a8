import type { EventTransport, PublishOutcome } from '../transports/event.transport.js';
import type { FramePacker } from './frame.packer.js';
import type { Departure, PublishCall } from './publish.call.js';
import type { Deadline } from './publish.deadlines.js';
import { PublishDeadlines } from './publish.deadlines.js';

/**
 * Hands what is published within one turn of the program to the transport as one batch, in the order of the calls:
 * what a loop publishes, and what promises publish that are settled together.
 */
export class PublishBatcher {
  private readonly deadlines = new PublishDeadlines();
  private waiting: PublishCall[] = [];

  constructor(
    private readonly transport: EventTransport,
    /** With false, each message is handed over by itself, at once. */
    private readonly isBatching: boolean,
    /** Where several events may leave as one message. */
    private readonly packer?: FramePacker,
  ) {}

  add(call: PublishCall): void {
    this.waiting.push(call);
    if (!this.isBatching) this.flush();
    // Its turn comes behind all promises that are settled now, and before the next event of the loop.
    else if (this.waiting.length === 1) process.nextTick(this.flush);
  }

  /** Hands over what waits now, but for what was given up. */
  readonly flush = (): void => {
    const calls = this.waiting.filter(({ isSettled }) => !isSettled);
    this.waiting = [];
    if (calls.length === 0) return;
    this.send(calls).catch((error: unknown) => {
      // A transport of the application's own may break its promise not to reject.
      for (const call of calls) call.giveUp(error);
    });
  };

  private async send(calls: readonly PublishCall[]): Promise<void> {
    const times = [...new Set(calls.map(({ timeoutMs }) => timeoutMs))];
    const deadlines = times.map((timeoutMs) =>
      this.deadlines.add(timeoutMs, () => giveUpThose(calls, timeoutMs)),
    );
    const departures: readonly Departure[] = this.packer?.pack(calls) ?? calls;
    const answer = (index: number, outcome: PublishOutcome) =>
      (departures[index] as Departure).answer(outcome);
    const outcomes = await this.transport.publish(
      departures.map((departure) => departure.handOver()),
      answer,
    );
    times.forEach((timeoutMs, index) => this.deadlines.remove(timeoutMs, deadlines[index] as Deadline));
    outcomes.forEach((outcome, index) => answer(index, outcome));
  }
}

function giveUpThose(calls: readonly PublishCall[], timeoutMs: number): void {
  const cause = new Error(`no reply within ${timeoutMs} ms`);
  for (const call of calls) if (call.timeoutMs === timeoutMs) call.giveUp(cause);
}

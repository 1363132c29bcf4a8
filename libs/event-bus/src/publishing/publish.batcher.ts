import { nextTick } from '../transports/real.time.js';
import type { EventTransport } from '../transports/event.transport.js';
import type { FramePacker } from './frame.packer.js';
import { PublishBatch } from './publish.batch.js';
import type { PublishCall } from './publish.call.js';
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
    else if (this.waiting.length === 1) nextTick(this.flush);
  }

  /** Hands over what waits now, but for what was given up. */
  readonly flush = (): void => {
    let calls = this.waiting;
    this.waiting = [];
    if (calls.some(isSettled)) calls = calls.filter((call) => !isSettled(call));
    if (calls.length > 0) this.send(calls);
  };

  private send(calls: readonly PublishCall[]): void {
    const deadlines = this.deadlinesOf(calls);
    const batch = new PublishBatch(this.transport, this.packer?.pack(calls) ?? calls, () => {
      for (const deadline of deadlines) this.deadlines.remove(deadline);
    });
    batch.handOver();
  }

  /** One for all calls that have the same time, which is nearly always all of them. */
  private deadlinesOf(calls: readonly PublishCall[]): readonly Deadline[] {
    const { timeoutMs } = calls[0] as PublishCall;
    if (calls.every((call) => call.timeoutMs === timeoutMs)) return [this.deadlineOf(calls, timeoutMs)];
    const times = new Set(calls.map((call) => call.timeoutMs));
    return [...times].map((time) =>
      this.deadlineOf(
        calls.filter((call) => call.timeoutMs === time),
        time,
      ),
    );
  }

  private deadlineOf(calls: readonly PublishCall[], timeoutMs: number): Deadline {
    return this.deadlines.add(timeoutMs, () => {
      const cause = new Error(`no reply within ${timeoutMs} ms`);
      for (const call of calls) call.giveUp(cause);
    });
  }
}

function isSettled(call: PublishCall): boolean {
  return call.isSettled;
}

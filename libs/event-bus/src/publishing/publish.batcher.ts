import { nextTick } from '../transports/real.time.js';
import type { EventTransport } from '../transports/event.transport.js';
import type { FramePacker } from './frame.packer.js';
import { PublishBatch } from './publish.batch.js';
import type { PublishCall } from './publish.call.js';
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
    const calls: PublishCall[] = [];
    for (const call of this.waiting) {
      if (call.state !== 'waiting') continue;
      call.state = 'handed-over';
      calls.push(call);
    }
    this.waiting = [];
    if (calls.length === 0) return;
    new PublishBatch(this.transport, this.packer?.pack(calls) ?? calls, this.deadlines).handOver();
  };
}

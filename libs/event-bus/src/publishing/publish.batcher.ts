import { nextTick } from '../transports/real.time.js';
import type { EventTransport } from '../transports/event.transport.js';
import type { FramePacker } from './frame.packer.js';
import { PublishBatch } from './publish.batch.js';
import type { PublishCall } from './publish.call.js';
import { PublishDeadlines } from './publish.deadlines.js';

/**
 * Hands the events that are published within one tick to the transport as one batch, in call order: those of a loop, and
 * those of promises that settle together.
 */
export class PublishBatcher {
  private readonly deadlines = new PublishDeadlines();
  private waiting: PublishCall[] = [];

  constructor(
    private readonly transport: EventTransport,
    /** With false, each message is handed over alone, at once. */
    private readonly isBatching: boolean,
    /** Set where several events may be sent as one message. */
    private readonly packer?: FramePacker,
  ) {}

  add(call: PublishCall): void {
    this.waiting.push(call);
    if (!this.isBatching) this.flush();
    // It runs after all promises that are settled now, and before the next event of the event loop.
    else if (this.waiting.length === 1) nextTick(this.flush);
  }

  /** Hands over the pending calls, except those that were given up. */
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

import { nextTick } from '../transports/real.time.js';
import type { EventTransport } from '../transports/event.transport.js';
import type { FramePacker } from './frame.packer.js';
import type { BatchEntry } from './publish.batch.js';
import { PublishBatch } from './publish.batch.js';
import type { PublishCall } from './publish.call.js';
import { PublishDeadlines } from './publish.deadlines.js';

/**
 * Hands events to the transport in call order. The first event of a tick leaves at once. Those that follow it within the tick
 * are collected, and leave together at its end: those of a loop, and those of promises that settle together.
 */
export class PublishBatcher {
  private readonly deadlines = new PublishDeadlines();
  private collected: PublishCall[] = [];
  /** The first event of this tick has left, or a batch is being handed over: what is published now follows it. */
  private isTickOpen = false;

  constructor(
    private readonly transport: EventTransport,
    /** With false, each message is handed over alone, at once. */
    private readonly isBatching: boolean,
    /** Set where several events may be sent as one message. */
    private readonly packer?: FramePacker,
  ) {}

  add(call: PublishCall): void {
    if (this.isTickOpen) {
      this.collected.push(call);
      return;
    }
    this.isTickOpen = this.isBatching;
    call.state = 'handed-over';
    this.handOver([call]);
    // It runs after all promises that are settled now, and before the next event of the event loop.
    if (this.isBatching) nextTick(this.endTick);
  }

  /** Hands over the collected calls, except those that were given up. */
  flush(): void {
    const calls: PublishCall[] = [];
    for (const call of this.collected) {
      if (call.state !== 'waiting') continue;
      call.state = 'handed-over';
      calls.push(call);
    }
    this.collected = [];
    if (calls.length > 0) this.handOver(this.packer?.pack(calls) ?? calls);
  }

  private readonly endTick = (): void => {
    this.flush();
    // Published by those that heard of an outcome within the hand-over.
    this.isTickOpen = this.collected.length > 0;
    if (this.isTickOpen) nextTick(this.endTick);
  };

  private handOver(entries: BatchEntry[]): void {
    new PublishBatch(this.transport, entries, this.deadlines).handOver();
  }
}

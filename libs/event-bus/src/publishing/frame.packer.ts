import type { EventFrames } from '../message/event.codec.js';
import { bodyOf } from '../transports/event.transport.js';
import type { MessageBody, OutgoingMessage, PublishOutcome } from '../transports/event.transport.js';
import { encodeFailure, encodedBody } from './encoded.body.js';
import { bytesOf, mostBytesOf } from './event.size.js';
import type { BatchEntry } from './publish.batch.js';
import type { PublishCall } from './publish.call.js';

/** The most events in one frame: a receiver decodes all of them at once. */
const MAX_EVENTS = 4_000;

/** Packs the events of a batch that go to one channel into frames. */
export class FramePacker {
  constructor(
    private readonly frames: EventFrames,
    /** The largest allowed message. */
    private readonly maxBytes: number,
  ) {}

  /**
   * Keeps each channel's events in order, at the position of the first of them. Events that do not fit, or that exceed 4,000,
   * go into the next frame. A single event is not framed.
   */
  pack(calls: readonly PublishCall[]): BatchEntry[] {
    const open: Readonly<Record<OutgoingMessage['kind'], Map<string, Frame>>> = {
      channel: new Map(),
      shard: new Map(),
    };
    const all: Frame[] = [];
    for (const call of calls) {
      const { kind, channel } = call.message;
      let frame = open[kind].get(channel);
      if (frame?.hasRoomFor(call, this.maxBytes) !== true) {
        frame = new Frame(this.frames);
        open[kind].set(channel, frame);
        all.push(frame);
      }
      frame.add(call);
    }
    return all.map((frame) => frame.only ?? frame);
  }
}

/** Several events of one channel. Each of their publishers gets the reply to the frame. */
class Frame implements BatchEntry {
  timeoutMs = Infinity;
  private readonly calls: PublishCall[] = [];
  /** Its size at most: exact for the events that are counted, which are the first ones. */
  private mostBytes = 0;
  private countedEvents = 0;

  constructor(private readonly frames: EventFrames) {}

  /** The call, where there is only one. */
  get only(): PublishCall | undefined {
    return this.calls.length === 1 ? this.calls[0] : undefined;
  }

  get message(): OutgoingMessage {
    const { kind, channel } = (this.calls[0] as PublishCall).message;
    return { kind, channel, body: () => this.join() };
  }

  /** Counts bytes only if the size at most exceeds the limit. */
  hasRoomFor({ event }: PublishCall, maxBytes: number): boolean {
    if (this.calls.length === MAX_EVENTS) return false;
    const { bytesPerEvent } = this.frames;
    if (this.mostBytes + mostBytesOf(event) + bytesPerEvent <= maxBytes) return true;
    for (; this.countedEvents < this.calls.length; this.countedEvents += 1) {
      const counted = (this.calls[this.countedEvents] as PublishCall).event;
      this.mostBytes -= mostBytesOf(counted) - bytesOf(counted);
    }
    return this.mostBytes + bytesOf(event) + bytesPerEvent <= maxBytes;
  }

  add(call: PublishCall): void {
    this.calls.push(call);
    this.mostBytes += mostBytesOf(call.event) + this.frames.bytesPerEvent;
    if (call.timeoutMs < this.timeoutMs) this.timeoutMs = call.timeoutMs;
  }

  answer(outcome: PublishOutcome): void {
    for (const call of this.calls) call.answer(outcome);
  }

  giveUp(cause: unknown): void {
    for (const call of this.calls) call.giveUp(cause);
  }

  expire(elapsedMs: number, transport: string): number {
    return Math.min(...this.calls.map((call) => call.expire(elapsedMs, transport)));
  }

  private join(): MessageBody {
    const bodies = this.calls.map(({ message }) => bodyOf(message));
    try {
      return encodedBody(this.frames.join(bodies));
    } catch (error) {
      throw encodeFailure(error);
    }
  }
}

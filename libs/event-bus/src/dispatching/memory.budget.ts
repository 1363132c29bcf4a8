import type { EventContext } from '../message/event-context.js';
import { heaviestOf, originalOf, parkEvent, weighEvent } from '../message/event-context.js';
import { WORST_WEIGHT } from '../message/payload.weight.js';
import type { HandlerSettings } from './handler.options.js';

/** The memory that running calls may always use, in bytes, however small the buffer. */
const MIN_RUNNING_WEIGHT = 256 * 1024;
/** The share of that memory for pending events that are decoded. */
const WAITING_SHARE = 1 / 4;
/** The share of that for pending events that are not weighed. */
const UNWEIGHED_SHARE = 3 / 4;
/** A longer channel name counts towards the size of its message. */
const NAME_LENGTH = 1_024;

/** How many bytes of the buffer a pending event takes. */
export function heldBytesOf(event: EventContext): number {
  const { bytes, channel } = originalOf(event);
  return channel.length > NAME_LENGTH ? bytes + channel.length : bytes;
}

/**
 * The memory that the decoded events of one handler use. Running ones may use as much as the buffer's bytes, a single event any
 * amount. Pending ones may use a quarter of that; the others are parked.
 */
export class MemoryBudget {
  private readonly maxRunning: number;
  private readonly maxWaiting: number;
  private readonly maxUnweighed: number;
  private readonly lightBytes: number;
  private running = 0;
  private waiting = 0;

  constructor({ buffer, concurrency }: Pick<HandlerSettings, 'buffer' | 'concurrency'>) {
    this.maxRunning = Math.max(buffer.bytes, MIN_RUNNING_WEIGHT);
    this.maxWaiting = this.maxRunning * WAITING_SHARE;
    this.maxUnweighed = this.maxWaiting * UNWEIGHED_SHARE;
    this.lightBytes = this.maxRunning / (WORST_WEIGHT * concurrency);
  }

  /** So small that `concurrency` of them fit at once, whatever they contain: it may always run, and is not weighed. */
  isLight(event: EventContext): boolean {
    return originalOf(event).bytes <= this.lightBytes;
  }

  /** Whether it may start now. */
  hasRoomFor(event: EventContext): boolean {
    return this.running === 0 || this.isLight(event) || this.running + weighEvent(event) <= this.maxRunning;
  }

  runs(event: EventContext): void {
    if (!this.isLight(event)) this.running += weighEvent(event);
  }

  ended(event: EventContext): void {
    if (!this.isLight(event)) this.running -= weighEvent(event);
  }

  /**
   * Parks it if too many pending events are decoded. Returns the weight that it is counted with, for {@link left}: the most that
   * it can weigh while few are pending, since weighing would cost more than all the rest.
   */
  waits(event: EventContext): number {
    const heaviest = heaviestOf(event);
    const weight = this.waiting + heaviest <= this.maxUnweighed ? heaviest : weighEvent(event);
    if (this.waiting + weight > this.maxWaiting && parkEvent(event)) return 0;
    this.waiting += weight;
    return weight;
  }

  /** It is no longer pending. */
  left(weight: number): void {
    this.waiting -= weight;
  }
}

import type { EventContext } from '../message/event-context.js';
import { isParked, originalOf, parkEvent, weighEvent } from '../message/event-context.js';
import { WORST_WEIGHT } from '../message/payload.weight.js';
import type { HandlerSettings } from './handler.options.js';

/** So much memory may be taken by what runs, in bytes, however little may wait. */
const MIN_RUNNING_WEIGHT = 256 * 1024;
/** Of that, what waits decoded may take this part. */
const WAITING_SHARE = 1 / 4;
/** A longer channel name is counted as a part of its message. */
const NAME_LENGTH = 1_024;

/** How many bytes of the buffer it takes while it waits. */
export function heldBytesOf(event: EventContext): number {
  const { bytes, channel } = originalOf(event);
  return channel.length > NAME_LENGTH ? bytes + channel.length : bytes;
}

/**
 * How much memory the events of one handler take once they are decoded, and who may take more. What runs may take as much as may
 * wait in bytes, one event alone any amount; what waits takes a quarter of that, and the rest of it is parked.
 */
export class MemoryBudget {
  private readonly maxRunning: number;
  private readonly lightBytes: number;
  private running = 0;
  private waiting = 0;

  constructor({ buffer, concurrency }: Pick<HandlerSettings, 'buffer' | 'concurrency'>) {
    this.maxRunning = Math.max(buffer.bytes, MIN_RUNNING_WEIGHT);
    this.lightBytes = this.maxRunning / (WORST_WEIGHT * concurrency);
  }

  /** So few bytes that `concurrency` of them fit at once, whatever they hold: it runs beside anything, and is not weighed. */
  isLight(event: EventContext): boolean {
    return originalOf(event).bytes <= this.lightBytes;
  }

  /** Whether it may run beside what runs. */
  hasRoomFor(event: EventContext): boolean {
    return this.running === 0 || this.isLight(event) || this.running + weighEvent(event) <= this.maxRunning;
  }

  runs(event: EventContext): void {
    if (!this.isLight(event)) this.running += weighEvent(event);
  }

  ended(event: EventContext): void {
    if (!this.isLight(event)) this.running -= weighEvent(event);
  }

  /** Parks it where too much waits decoded. */
  waits(event: EventContext): void {
    const weight = weighEvent(event);
    const isTooMuch = this.waiting + weight > this.maxRunning * WAITING_SHARE;
    if (!isTooMuch || !parkEvent(event)) this.waiting += weight;
  }

  /** It does not wait any more; to be called before it is decoded again. */
  left(event: EventContext): void {
    if (!isParked(event)) this.waiting -= weighEvent(event);
  }
}

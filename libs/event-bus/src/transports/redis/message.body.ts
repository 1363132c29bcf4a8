import { isUtf8 } from 'node:buffer';
import type { MessageSettings } from '../event.transport.js';

/** The part that is kept of a message that is too large: dead letters are recognized by it. */
const BEGINNING_BYTES = 8 * 1024;
const LINE_END_BYTES = 2;

/** The number of bytes of a body that are kept. */
function keptBytes(bytes: number, { maxPayloadBytes }: MessageSettings): number {
  return bytes > maxPayloadBytes ? Math.min(bytes, BEGINNING_BYTES) : bytes;
}

/** Reads a body that is complete in its chunk: as text, or as a copy that shares no memory with the chunk. */
export function bodyIn(
  chunk: Buffer,
  start: number,
  bytes: number,
  settings: MessageSettings,
): Buffer | string {
  const end = start + keptBytes(bytes, settings);
  if (settings.takesText) {
    // Without an encoding it is UTF-8, and need not be looked up.
    const text = chunk.toString(undefined, start, end);
    if (!text.includes('\uFFFD') || isUtf8(chunk.subarray(start, end))) return text;
  }
  const own = Buffer.allocUnsafe(end - start);
  chunk.copy(own, 0, start, end);
  return own;
}

/** A body that arrives in several chunks. Each byte of it is copied once, or skipped. */
export class PartialBody {
  private readonly content: Buffer;
  private filled = 0;
  /** The number of missing bytes, with the line end. */
  private left: number;

  constructor(
    readonly bytes: number,
    private readonly settings: MessageSettings,
  ) {
    this.content = Buffer.allocUnsafe(keptBytes(bytes, settings));
    this.left = bytes + LINE_END_BYTES;
  }

  get isComplete(): boolean {
    return this.left === 0;
  }

  /** Like {@link bodyIn}. Valid once it is complete. */
  get body(): Buffer | string {
    const { content, settings } = this;
    if (!settings.takesText) return content;
    const text = content.toString();
    return !text.includes('\uFFFD') || isUtf8(content) ? text : content;
  }

  /** Reads to its end, or to the end of the chunk. Returns the position. */
  read(chunk: Buffer, from: number): number {
    const end = Math.min(chunk.length, from + this.left);
    this.filled += chunk.copy(this.content, this.filled, from, end);
    this.left -= end - from;
    return end;
  }
}

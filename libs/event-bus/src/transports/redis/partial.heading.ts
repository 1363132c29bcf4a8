import type { SubscriptionKind } from '../../routing/subscription-target.js';
import type { NameCache } from './name.cache.js';
import type { ReplyFrames } from './reply.frames.js';
import { BULK } from './reply.frames.js';

/** The parts of a message before its body. */
export interface MessageHeading {
  readonly kind: SubscriptionKind;
  /** The channel or pattern of the subscription. */
  readonly name: string;
  readonly channel: string;
  /** The size of the body. */
  readonly bytes: number;
}

/** By the first part of a message, with its line end. */
const KINDS: Readonly<Record<string, SubscriptionKind | undefined>> = {
  'message\r\n': 'channel',
  'pmessage\r\n': 'pattern',
  'smessage\r\n': 'shard',
};

/** The beginning of a reply that is split over chunks and may be a message. Keeps its bytes until that is certain. */
export class PartialHeading {
  /** Its bytes from the chunks before this one. */
  readonly held: Buffer[] = [];
  /** It is not a message. */
  isRefused = false;
  private heldBytes = 0;
  /** The number of values whose first line was read, and that of the reply itself. */
  private lines = 0;
  /** The number of its values. */
  private values = 0;
  private kindText = '';
  private kind: SubscriptionKind | undefined;
  /** The positions of the names and of the body among its bytes. */
  private readonly places: (readonly [start: number, end: number])[] = [];

  constructor(
    private readonly frames: ReplyFrames,
    private readonly names: NameCache,
  ) {}

  /**
   * Reads until it is complete or refused, or the chunk ends.
   * @returns the position, and the heading when it is complete
   * @throws OddReplyError like {@link ReplyFrames.follow}
   */
  read(chunk: Buffer, from: number): { readonly at: number; readonly heading?: MessageHeading } {
    const { frames } = this;
    let at = from;
    while (at < chunk.length) {
      const next = frames.follow(chunk, at);
      if (frames.isHeadRead) {
        this.lines += 1;
        if (!this.isPossible(this.heldBytes + next - from)) return this.refuse(next);
        if (this.lines === this.values + 1)
          return { at: next, heading: this.heading(chunk.subarray(from, next)) };
      } else if (this.lines === 2 && this.kind === undefined) {
        this.kindText += chunk.toString('latin1', at, next);
        if (!frames.isInText && !this.isKind()) return this.refuse(next);
      }
      at = next;
    }
    this.held.push(chunk.subarray(from));
    this.heldBytes += chunk.length - from;
    return { at };
  }

  private refuse(at: number): { readonly at: number } {
    this.isRefused = true;
    return { at };
  }

  /** @param end the end of the line that was just read, among its bytes */
  private isPossible(end: number): boolean {
    const { type, count } = this.frames;
    if (this.lines === 1) {
      this.values = count;
      return count === 3 || count === 4;
    }
    if (type !== BULK || count < 0) return false;
    if (this.lines === 2) return count === 7 || count === 8;
    this.places.push([end, end + count]);
    return true;
  }

  private isKind(): boolean {
    this.kind = KINDS[this.kindText];
    return this.kind !== undefined && (this.kind === 'pattern' ? 4 : 3) === this.values;
  }

  private heading(last: Buffer): MessageHeading {
    const bytes = Buffer.concat([...this.held, last]);
    const [name = '', channel = name] = this.places
      .slice(0, -1)
      .map(([start, end]) => this.names.textOf(bytes, start, end));
    return { kind: this.kind ?? 'channel', name, channel, bytes: this.frames.count };
  }
}

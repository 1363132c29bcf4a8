import type { SubscriptionKind } from '../../routing/subscription-target.js';
import type { MessageSettings } from '../event.transport.js';
import { PartialBody, bodyIn } from './message.body.js';
import { NameCache } from './name.cache.js';
import type { MessageHeading } from './partial.heading.js';
import { PartialHeading } from './partial.heading.js';
import { ReplyFrames } from './reply.frames.js';

/** Receives what a {@link MessageReader} has read. Must not throw. */
export interface MessageSink {
  /**
   * @param name the channel or pattern of the subscription
   * @param body a string only if it is valid UTF-8; only its beginning if it is larger than `maxPayloadBytes`
   * @param bytes the size of the whole body
   * @param receivedAtMs when its last chunk arrived, in milliseconds since the epoch
   */
  message(
    kind: SubscriptionKind,
    name: string,
    channel: string,
    body: Buffer | string,
    bytes: number,
    receivedAtMs: number,
  ): void;
  /** All other bytes, unchanged and in stream order. Sets {@link MessageReader.mark}, which no message changes. */
  rest(bytes: Buffer): void;
}

/** The first bytes of an array and of a push (RESP3). */
export const ARRAY = 0x2a;
export const PUSH = 0x3e;

const CR = 0x0d;
const DOLLAR = 0x24;
const [THREE, FOUR, SEVEN, EIGHT] = [0x33, 0x34, 0x37, 0x38] as const;
const [M, E, S, A, G, P] = [0x6d, 0x65, 0x73, 0x61, 0x67, 0x70] as const;
/** The longest length that is read in place. */
const MAX_DIGITS = 9;

/** The number of bytes before the first name: `*3\r\n$7\r\nmessage\r\n`, `*4\r\n$8\r\npmessage\r\n`. */
const CHANNEL_HEAD = 17;
const OTHER_HEAD = 18;

interface CutBody {
  readonly heading: MessageHeading;
  readonly body: PartialBody;
}

/**
 * Extracts published messages from the data of a connection, and passes on all other bytes unchanged, in stream order. A message
 * that is complete in its chunk, as nearly all are, is read in place; one that is split over chunks is assembled.
 */
export class MessageReader {
  /** The first byte of a message in the protocol of the connection. Undefined while the connection has no subscription. */
  mark: number | undefined;
  /** Nothing more is read. */
  isOver = false;
  private readonly frames = new ReplyFrames();
  private readonly names = new NameCache();
  /** The message that is split over chunks, if there is one. */
  private cutHeading: PartialHeading | undefined;
  private cutBody: CutBody | undefined;
  /** The position after the length that was read last. */
  private lengthEnd = 0;
  /** When the chunk arrived: the clock is read once for all its messages. */
  private atMs = 0;

  constructor(
    private readonly sink: MessageSink,
    private readonly settings: MessageSettings,
  ) {}

  /**
   * A field, so that the connection can call it directly.
   * @throws OddReplyError for a length that is not a number or above 512 MiB, after the bytes before it are passed on.
   */
  readonly read = (chunk: Buffer): void => {
    let at = 0;
    this.atMs = Date.now();
    while (at < chunk.length && !this.isOver) {
      if (this.cutBody !== undefined) at = this.readBody(this.cutBody, chunk, at);
      else if (this.cutHeading !== undefined) at = this.readHeading(this.cutHeading, chunk, at);
      else at = this.readReplies(chunk, at, at);
    }
  };

  /**
   * Reads complete messages and passes on the bytes between them, to the end of the chunk or to a message that is split.
   *
   * @param from the first byte that is not passed on yet
   */
  private readReplies(chunk: Buffer, from: number, start: number): number {
    let at = start;
    let restFrom = from;
    while (at < chunk.length && !this.isOver) {
      if (!this.frames.isBetween || (chunk[at] !== ARRAY && chunk[at] !== PUSH)) {
        at = this.follow(chunk, restFrom, at);
        continue;
      }
      if (restFrom < at) {
        // The reply after other bytes is one of them, like the hundreds of confirmations of one command.
        if (isOther(chunk, at)) {
          at = this.follow(chunk, restFrom, at);
          continue;
        }
        // They may contain the confirmation of the subscription that delivers this message.
        this.handOn(chunk, restFrom, at);
        restFrom = at;
      }
      if (chunk[at] !== this.mark) {
        at = this.follow(chunk, at, at);
        continue;
      }
      const end = this.readWhole(chunk, at);
      if (end === 0) {
        this.cutHeading = new PartialHeading(this.frames, this.names);
        return at;
      }
      restFrom = at = end;
    }
    this.handOn(chunk, restFrom, at);
    return at;
  }

  private follow(chunk: Buffer, from: number, at: number): number {
    try {
      return this.frames.follow(chunk, at);
    } catch (error) {
      this.handOn(chunk, from, at);
      throw error;
    }
  }

  private handOn(chunk: Buffer, from: number, end: number): void {
    if (from === end || this.isOver) return;
    this.sink.rest(end - from === chunk.length ? chunk : chunk.subarray(from, end));
  }

  private readHeading(cut: PartialHeading, chunk: Buffer, start: number): number {
    const { at, heading } = cut.read(chunk, start);
    if (cut.isRefused) {
      this.cutHeading = undefined;
      for (const bytes of cut.held) this.handOn(bytes, 0, bytes.length);
      return this.readReplies(chunk, start, at);
    }
    if (heading === undefined) return at;
    this.cutHeading = undefined;
    this.cutBody = { heading, body: new PartialBody(heading.bytes, this.settings) };
    this.frames.begin();
    return at;
  }

  private readBody({ heading, body }: CutBody, chunk: Buffer, start: number): number {
    const at = body.read(chunk, start);
    if (!body.isComplete) return at;
    this.cutBody = undefined;
    const { kind, name, channel, bytes } = heading;
    this.sink.message(kind, name, channel, body.body, bytes, this.atMs);
    return at;
  }

  /** Delivers the message that begins here, and returns its end. 0 if it is split over chunks, or not a message. */
  private readWhole(chunk: Buffer, start: number): number {
    const kind = kindAt(chunk, start);
    if (kind === undefined) return 0;
    const nameBytes = this.lengthAt(chunk, start + (kind === 'channel' ? CHANNEL_HEAD : OTHER_HEAD));
    const nameAt = this.lengthEnd;
    if (nameBytes < 0) return 0;
    let channelAt = nameAt;
    let channelBytes = nameBytes;
    if (kind === 'pattern') {
      channelBytes = this.lengthAt(chunk, nameAt + nameBytes + 2);
      channelAt = this.lengthEnd;
      if (channelBytes < 0) return 0;
    }
    const bytes = this.lengthAt(chunk, channelAt + channelBytes + 2);
    const bodyAt = this.lengthEnd;
    const end = bodyAt + bytes + 2;
    if (bytes < 0 || end > chunk.length) return 0;
    const name = this.names.textOf(chunk, nameAt, nameAt + nameBytes);
    const channel = kind === 'pattern' ? this.names.textOf(chunk, channelAt, channelAt + channelBytes) : name;
    const body = bodyIn(chunk, bodyAt, bytes, this.settings);
    this.sink.message(kind, name, channel, body, bytes, this.atMs);
    return end;
  }

  /** The length in this line; -1 if there is none, or the chunk ends before. Sets {@link lengthEnd}. */
  private lengthAt(chunk: Buffer, start: number): number {
    if (chunk[start] !== DOLLAR) return -1;
    let length = 0;
    let at = start + 1;
    for (; at <= start + MAX_DIGITS; at += 1) {
      const digit = (chunk[at] ?? CR) - 0x30;
      if (digit < 0 || digit > 9) break;
      length = length * 10 + digit;
    }
    this.lengthEnd = at + 2;
    return chunk[at] === CR && at > start + 1 ? length : -1;
  }
}

/** The kind of the message that begins here. Undefined for any other reply, and if the chunk ends before. */
function kindAt(chunk: Buffer, start: number): SubscriptionKind | undefined {
  const values = chunk[start + 1];
  if (chunk[start + 2] !== CR || chunk[start + 4] !== DOLLAR || chunk[start + 6] !== CR) return undefined;
  if (chunk[start + 5] === SEVEN)
    return values === THREE && isMessage(chunk, start + 8) ? 'channel' : undefined;
  if (chunk[start + 5] !== EIGHT || !isMessage(chunk, start + 9)) return undefined;
  if (values === FOUR && chunk[start + 8] === P) return 'pattern';
  return values === THREE && chunk[start + 8] === S ? 'shard' : undefined;
}

/** Whether this reply is certainly no message: it is long enough in this chunk to tell. */
function isOther(chunk: Buffer, start: number): boolean {
  return start + OTHER_HEAD <= chunk.length && kindAt(chunk, start) === undefined;
}

/** Whether `message` and a line end follow. */
function isMessage(chunk: Buffer, at: number): boolean {
  return (
    chunk[at] === M &&
    chunk[at + 1] === E &&
    chunk[at + 2] === S &&
    chunk[at + 3] === S &&
    chunk[at + 4] === A &&
    chunk[at + 5] === G &&
    chunk[at + 6] === E &&
    chunk[at + 7] === CR
  );
}

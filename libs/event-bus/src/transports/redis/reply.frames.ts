import { OddReplyError } from './odd.reply.js';

/** The default of Redis' `proto-max-bulk-len`. */
const MAX_LENGTH = 512 * 1024 * 1024;
export const BULK = code('$');
const CR = code('\r');
const MINUS = code('-');
/** A number of 64 bits has no more digits. */
const MAX_DIGITS = 20;

/** What follows the first line of a value, by its first byte (RESP2 and RESP3): -1 text, otherwise so many values per count. */
const SHAPES: Readonly<Record<string, number | undefined>> = {
  ...shape('+ - : _ # , (', 0),
  ...shape('$ ! =', -1),
  ...shape('* ~ >', 1),
  ...shape('% |', 2),
};
const ATTRIBUTE = code('|');

function shape(types: string, follows: number): Record<string, number> {
  return Object.fromEntries(types.split(' ').map((type) => [code(type), follows]));
}

function code(character: string): number {
  return character.charCodeAt(0);
}

/**
 * Follows the frames of a stream of replies, however it is split into chunks: where each value begins, and where each reply ends.
 * Keeps none of their bytes.
 */
export class ReplyFrames {
  /** The first byte of the latest value. */
  type = 0;
  /** The count in its first line: bytes of a text, values of an aggregate. -1 for null. */
  count = 0;
  /** The next byte is the first of a reply. A field, since it is read for each message. */
  isBetween = true;
  /** The latest {@link follow} ended behind the first line of a value. */
  isHeadRead = false;
  /** The number of missing bytes of the current text, with its line end. */
  private textLeft = 0;
  /** The number of missing values of the current reply. */
  private valuesLeft = 0;
  /** What follows the first line, see {@link SHAPES}. */
  private shape = 0;
  private digits = 0;
  private isNegative = false;
  /** Within a first line, and after its carriage return. */
  private isInLine = false;
  private isAtLineEnd = false;
  /** The stream is not RESP: the start of the next reply is unknown. */
  private isLost = false;

  /** The next byte belongs to a text. */
  get isInText(): boolean {
    return this.textLeft > 0;
  }

  /** The next byte is the first of a reply: the rest of the current reply was read elsewhere. */
  begin(): void {
    this.valuesLeft = 0;
    this.textLeft = 0;
    this.isBetween = true;
  }

  /**
   * Reads to the end of a first line, of a text, or of the chunk, whichever is first. Returns the position.
   * @throws OddReplyError for a length that is not a number or above 512 MiB.
   */
  follow(chunk: Buffer, from: number): number {
    this.isHeadRead = false;
    const at = this.textLeft > 0 ? this.followText(chunk, from) : this.followLine(chunk, from);
    this.isBetween = this.valuesLeft === 0 && this.textLeft === 0 && !this.isInLine;
    return at;
  }

  private followText(chunk: Buffer, from: number): number {
    const end = Math.min(chunk.length, from + this.textLeft);
    this.textLeft -= end - from;
    return end;
  }

  private followLine(chunk: Buffer, from: number): number {
    let at = from;
    if (!this.isInLine) {
      this.beginLine(chunk[at] as number);
      at += 1;
    }
    for (; at < chunk.length && !this.isLost; at += 1) {
      if (this.isAtLineEnd) {
        this.endLine();
        return at + 1;
      }
      if (chunk[at] === CR) this.isAtLineEnd = true;
      else if (this.shape !== 0) this.readDigit(chunk[at] as number);
    }
    return chunk.length;
  }

  private beginLine(type: number): void {
    this.type = type;
    const shape = SHAPES[type];
    this.isLost = shape === undefined;
    this.shape = shape ?? 0;
    this.isInLine = true;
    this.count = 0;
    this.digits = 0;
    this.isNegative = false;
  }

  private readDigit(byte: number): void {
    if (byte === MINUS && this.digits === 0 && !this.isNegative) {
      this.isNegative = true;
      return;
    }
    this.digits += 1;
    const digit = byte - 48;
    if (digit < 0 || digit > 9 || this.digits > MAX_DIGITS) throw oddLength();
    this.count = this.count * 10 + digit;
  }

  private endLine(): void {
    this.isInLine = false;
    this.isAtLineEnd = false;
    this.isHeadRead = true;
    const { shape, type } = this;
    if (shape !== 0 && (this.digits === 0 || this.count > MAX_LENGTH)) throw oddLength();
    if (this.isNegative) this.count = -1;
    if (this.valuesLeft === 0) this.valuesLeft = 1;
    // An attribute precedes the value that it describes.
    if (type !== ATTRIBUTE) this.valuesLeft -= 1;
    if (this.count < 0) return;
    if (shape < 0) this.textLeft = this.count + 2;
    else this.valuesLeft += shape * this.count;
  }
}

function oddLength(): OddReplyError {
  return new OddReplyError('anything', {
    cause: new Error('The length of a reply is not a number, or above 512 MiB.'),
  });
}

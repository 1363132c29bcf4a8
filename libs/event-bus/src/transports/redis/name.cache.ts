/** The memory is bounded, since anybody who publishes chooses the channels that a pattern delivers. */
const PLACES = 8_192;
const MAX_NAME_BYTES = 128;
const WORD_BYTES = 4;
/** One of so many names that find their place taken replaces the name that is there: most of a larger set keep their places. */
const REPLACED_EVERY = 16;
/** An odd number whose bits spread those of a word (MurmurHash2). */
const SPREAD = 0x5bd1e995;

interface KnownName {
  readonly length: number;
  /** Its bytes, four in each word. */
  readonly words: Int32Array;
  readonly text: string;
}

/**
 * Decodes names of channels and patterns, and remembers them. Each name has one place, by its bytes. These are read once, as
 * words: each byte costs about as much as a comparison of words.
 */
export class NameCache {
  private readonly names: (KnownName | undefined)[] = Array.from({ length: PLACES }, () => undefined);
  /** The words of the name that is being looked up. One more than a name has: the last word of each is its rest. */
  private readonly words = new Int32Array(MAX_NAME_BYTES / WORD_BYTES + 1);
  private misses = 0;

  /** Decodes these bytes as UTF-8. */
  textOf(chunk: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length > MAX_NAME_BYTES) return chunk.toString(undefined, start, end);
    const place = this.placeOf(chunk, start, end);
    const known = this.names[place];
    if (known !== undefined && this.isSame(known, length)) return known.text;
    const text = chunk.toString(undefined, start, end);
    this.misses += 1;
    if (known === undefined || this.misses % REPLACED_EVERY === 0) {
      const words = this.words.slice(0, wordsIn(length));
      this.names[place] = { length, words, text };
    }
    return text;
  }

  /** Also sets {@link words}. */
  private placeOf(chunk: Buffer, start: number, end: number): number {
    const { words } = this;
    let hash = end - start;
    let count = 0;
    let at = start;
    for (; at + WORD_BYTES <= end; at += WORD_BYTES) {
      const word =
        (chunk[at] as number) |
        ((chunk[at + 1] as number) << 8) |
        ((chunk[at + 2] as number) << 16) |
        ((chunk[at + 3] as number) << 24);
      words[count] = word;
      count += 1;
      hash = Math.imul(hash ^ word, SPREAD);
      hash ^= hash >>> 15;
    }
    let rest = 0;
    for (; at < end; at += 1) rest = (rest << 8) | (chunk[at] as number);
    words[count] = rest;
    hash = Math.imul(hash ^ rest, SPREAD);
    return (hash ^ (hash >>> 15)) & (PLACES - 1);
  }

  private isSame(known: KnownName, length: number): boolean {
    if (known.length !== length) return false;
    const count = wordsIn(length);
    for (let at = 0; at < count; at += 1) if (known.words[at] !== this.words[at]) return false;
    return true;
  }
}

/** With the one for the rest, which may be empty. */
function wordsIn(length: number): number {
  return (length >>> 2) + 1;
}

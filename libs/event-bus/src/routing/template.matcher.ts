/**
 * Characters that a parameter's value cannot contain, by character code: 1 for `:`, which a tail may contain; 2 for the others.
 */
const BARRED = new Uint8Array(128);
BARRED.fill(2, 0, 0x20);
for (const char of '*?[]\\\u007f') BARRED[char.charCodeAt(0)] = 2;
BARRED[':'.charCodeAt(0)] = 1;

/** The highest entry of `BARRED` that a value may contain. */
const IN_VALUE = 0;
const IN_TAIL = 1;

/** Whether a parameter can have this value: not empty, no glob or control characters, and `:` only in a tail. */
export function isParamValue(text: string, isTail: boolean): boolean {
  return text !== '' && isFree(text, 0, text.length, isTail ? IN_TAIL : IN_VALUE);
}

/**
 * Finds the values of a template's parameters in a channel. If a channel can be divided in several ways, the first parameter
 * takes as much as possible, then the second, and so on. It reads the channel once, from its end, without backtracking, because
 * any publisher chooses the channel.
 */
export class TemplateMatcher {
  /** All texts but the last: each precedes a parameter. */
  private readonly texts: readonly string[];
  private readonly foot: string;
  /** How many characters of the texts between parameters are barred. */
  private readonly barredBetween: number;
  /** The last channel that matched: its values are requested next. */
  private matched: string | undefined;
  /** Where its values start and end. */
  private readonly starts: number[];
  private readonly ends: number[];

  /** @param texts the texts before, between and after the parameters: one more than there are parameters */
  constructor(
    texts: readonly string[],
    private readonly hasTail: boolean,
  ) {
    this.texts = texts.slice(0, -1);
    this.foot = texts.at(-1) as string;
    const between = this.texts.slice(1).join('');
    this.barredBetween = between.split('').filter((char) => !isFree(char, 0, 1, IN_VALUE)).length;
    this.starts = this.texts.map(() => 0);
    this.ends = [...this.starts];
  }

  matches(channel: string): boolean {
    if (channel === this.matched) return true;
    this.matched = undefined;
    if (!this.divide(channel)) return false;
    this.matched = channel;
    return true;
  }

  /** The value of the parameter with this index in the channel, which must be the last one that {@link matches} accepted. */
  valueIn(channel: string, index: number): string {
    return channel.slice(this.starts[index], this.ends[index]);
  }

  private divide(channel: string): boolean {
    const { texts, foot, starts, ends } = this;
    const head = texts[0] as string;
    let end = channel.length - foot.length;
    if (!standsAt(head, channel, 0) || !standsAt(foot, channel, end)) return false;
    const last = texts.length - 1;
    ends[last] = end;
    let least = 1;
    if (this.hasTail) {
      // Before a tail, only the texts contain barred characters: with one more, the channel is inside its tail.
      end = nthBarred(channel, head.length, this.barredBetween);
      if (!isFree(channel, end, channel.length, IN_TAIL)) return false;
      if (end < channel.length) least = 0;
    }
    // The rest to divide ends at `end`; the value there has `least` characters before that.
    for (let index = last; index >= 0; index -= 1) {
      const text = texts[index] as string;
      // The last position is the right one: an earlier one gives less to the parameters before it, and matches no more
      // channels.
      const start = index === 0 ? text.length : endOfLast(text, channel, end - least);
      if (start < 0 || end - start < least || !isFree(channel, start, end, IN_VALUE)) return false;
      starts[index] = start;
      end = start - text.length;
      least = 1;
      if (index > 0) ends[index - 1] = end;
    }
    return true;
  }
}

/** The end of the last occurrence of the text up to `from`, unless a barred character follows it; -1 then. */
function endOfLast(text: string, channel: string, from: number): number {
  for (let end = from; end >= text.length; end -= 1) {
    if (standsAt(text, channel, end - text.length)) return end;
    if (!isFree(channel, end - 1, end, IN_VALUE)) return -1;
  }
  return -1;
}

/** A loop, because the built-in methods are slower for such short texts. */
function standsAt(text: string, channel: string, at: number): boolean {
  if (at < 0 || at + text.length > channel.length) return false;
  for (let i = text.length - 1; i >= 0; i -= 1) {
    if (channel.charCodeAt(at + i) !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** Whether no character between these positions is barred beyond the allowed level. */
function isFree(text: string, start: number, end: number, latitude: number): boolean {
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 128 && (BARRED[code] as number) > latitude) return false;
  }
  return true;
}

/** The position of the barred character with this many before it, from `start` on; the end of the text if there is none. */
function nthBarred(text: string, start: number, before: number): number {
  let left = before;
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 127 || BARRED[code] === 0) continue;
    if (left === 0) return at;
    left -= 1;
  }
  return text.length;
}

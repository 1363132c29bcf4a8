/** What no value of a parameter holds, by character code: 1 for `:`, which a tail's may hold; 2 for the rest. */
const BARRED = new Uint8Array(128);
BARRED.fill(2, 0, 0x20);
for (const char of '*?[]\\\u007f') BARRED[char.charCodeAt(0)] = 2;
BARRED[':'.charCodeAt(0)] = 1;

/** The highest entry of `BARRED` that may stand in a value. */
const IN_VALUE = 0;
const IN_TAIL = 1;

/** Whether a parameter can have this value: it is not empty and has no glob and control characters, nor `:` but in a tail. */
export function isParamValue(text: string, isTail: boolean): boolean {
  return text !== '' && isFree(text, 0, text.length, isTail ? IN_TAIL : IN_VALUE);
}

/**
 * Finds the values of a template's parameters in a channel. Where a channel can be divided in several ways, the first
 * parameter takes as much as it can, then the second, and so on. It goes through the channel once, from its end, and never
 * back: whoever may publish chooses the channel.
 */
export class TemplateMatcher {
  /** The texts but the last one: each stands before a parameter. */
  private readonly texts: readonly string[];
  private readonly foot: string;
  /** How many characters of the texts between parameters are barred. */
  private readonly barredBetween: number;
  /** The last channel that matched: whoever has asked whether it does asks for its values next. */
  private matched: string | undefined;
  /** Where its values start and end. */
  private readonly starts: number[];
  private readonly ends: number[];

  /** @param texts what stands before, between and behind the parameters: one more than there are parameters */
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

  /** The value of the parameter with this index in the channel, of which {@link matches} has just said that it does. */
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
      // Before a tail barred characters stand in texts alone: with the next one the channel is amid its tail.
      end = nthBarred(channel, head.length, this.barredBetween);
      if (!isFree(channel, end, channel.length, IN_TAIL)) return false;
      if (end < channel.length) least = 0;
    }
    // What is left to divide ends at `end`; the value there has `least` characters before that.
    for (let index = last; index >= 0; index -= 1) {
      const text = texts[index] as string;
      // The last place is the right one: an earlier one gives less to the parameters before it, and lets no more through.
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

/** Where the text ends for the last time up to `from`, unless something barred stands between; -1 then. */
function endOfLast(text: string, channel: string, from: number): number {
  for (let end = from; end >= text.length; end -= 1) {
    if (standsAt(text, channel, end - text.length)) return end;
    if (!isFree(channel, end - 1, end, IN_VALUE)) return -1;
  }
  return -1;
}

/** A loop, because the built-in methods cost more on texts as short as these. */
function standsAt(text: string, channel: string, at: number): boolean {
  if (at < 0 || at + text.length > channel.length) return false;
  for (let i = text.length - 1; i >= 0; i -= 1) {
    if (channel.charCodeAt(at + i) !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** Whether nothing that is barred more than the latitude allows stands between these places. */
function isFree(text: string, start: number, end: number, latitude: number): boolean {
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 128 && (BARRED[code] as number) > latitude) return false;
  }
  return true;
}

/** Where the barred character with so many before it, from `start` on, stands; the end of the text where there is none. */
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

/**
 * Characters that affect a terminal, a log file or the reader instead of being shown: controls (C0, DEL, C1), line and
 * paragraph separators, format characters (bidirectional overrides and isolates, zero-width ones, the byte order mark) and lone
 * surrogates.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const ALL_UNPRINTABLE = new RegExp(UNPRINTABLE, 'gu');
const ALL_UNPRINTABLE_BUT_LINE_FEEDS = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Escapes such characters as `\u202e`, so that the text stays on one line. A JSON string stays valid. */
export function printable(text: string): string {
  return UNPRINTABLE.test(text) ? text.replace(ALL_UNPRINTABLE, escaped) : text;
}

/** The same for a text of this package that has several lines. */
export function printableLines(text: string): string {
  return UNPRINTABLE.test(text) ? text.replace(ALL_UNPRINTABLE_BUT_LINE_FEEDS, escaped) : text;
}

/** Formats a name for logs and messages: a JSON string without unprintable characters, cut at 128 characters by default. */
export function quote(name: string, maxLength = 128): string {
  return printable(JSON.stringify(cut(name, maxLength)));
}

/** Cuts a text at this length. The last character is then an ellipsis. */
export function cut(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  // Cutting a surrogate pair would leave a lone surrogate.
  return `${text.slice(0, maxLength - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    const unit = character.charCodeAt(index).toString(16).padStart(4, '0');
    return `\\u${unit}`;
  }).join('');
}

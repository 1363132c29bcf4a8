const CUT = '…';

/** A shorter secret could be a word in any text. Known repetitions of arguments are cut in any case. */
const MIN_LENGTH = 4;
/** A secret of this length is cut everywhere, a shorter one only as a separate word. */
const MIN_LENGTH_INSIDE_WORDS = 8;
/** This much of its beginning counts as a secret that the server has cut off. */
const MIN_PREFIX_LENGTH = 12;

/** Text that servers and proxies put before repeated arguments. */
const ARGUMENTS =
  /\b(args beginning with|args?|arguments?|params?|parameters?|command was|request(?: was)?):\s*\S.*$/is;
const SUBCOMMAND = /(\b(?:sub ?command|syntax error in \w+ option)\b[^'"`]*)(['"`]).*\2/is;

/** Messages of Redis that other code here parses: they repeat no argument, and a password may be one of their words. */
const FIXED = [
  /^WRONGPASS invalid username-password pair( or user is disabled)?\.?$/,
  /^NOAUTH Authentication required\.?$/,
  /^ERR invalid password$/,
  /^ERR AUTH <password> called without any password configured for the default user\. Are you sure your configuration is correct\?$/,
  /^ERR Client sent AUTH, but no password is set$/,
  /^ERR (invalid DB index|DB index is out of range)$/,
  /^NOPERM (this user|User \S+) has no permissions to run the '[^' ]+' command( or its subcommand)?$/,
  /^NOPERM this user has no permissions to access one of the (keys|channels) used as arguments$/,
  /^NOPERM No permissions to access a (key|channel)$/,
  /^(MOVED|ASK) \d+ \S*:\d+$/,
];

/** Removes arguments that a server repeats, if its text announces them. */
export function withoutArguments(text: string): string {
  return text.replace(ARGUMENTS, `$1: ${CUT}`).replace(SUBCOMMAND, `$1$2${CUT}$2`);
}

/**
 * Removes these, both unchanged and with any of their characters escaped: `%40`, `\x40`, `\u0040`, `\"`. A long one is also
 * found by its beginning.
 */
export function withoutSecrets(text: string, secrets: Iterable<string>): string {
  const sought = [...secrets].filter((secret) => secret.length >= MIN_LENGTH);
  if (sought.length === 0 || FIXED.some((sentence) => sentence.test(text))) return text;
  let clean = '';
  let position = 0;
  while (position < text.length) {
    const start = position;
    let end = start;
    for (const secret of sought) end = Math.max(end, endOfSecret(text, start, secret));
    clean += end > start ? CUT : text[start];
    position = Math.max(end, start + 1);
  }
  return clean;
}

/** The end of the secret that starts here; `start` if none does. */
function endOfSecret(text: string, start: number, secret: string): number {
  if (text[start] !== secret[0] && !/[\\%+\u0080-\uFFFF]/.test(text[start] as string)) return start;
  let ends: ReadonlySet<number> = new Set([start]);
  let length = 0;
  for (const character of secret) {
    const next = new Set([...ends].flatMap((at) => endsOfCharacter(text, at, character)));
    if (next.size === 0) break;
    ends = next;
    length += character.length;
  }
  const end = Math.max(...ends);
  if (length < secret.length) return length >= MIN_PREFIX_LENGTH ? end : start;
  return secret.length >= MIN_LENGTH_INSIDE_WORDS || isWord(text, start, end) ? end : start;
}

/** All possible ends: `%25` is a percent sign, or the first of three characters. */
function endsOfCharacter(text: string, start: number, character: string): number[] {
  // As often as the text was quoted.
  let at = start;
  while (text[at] === '\\') at += 1;
  const ends = character === '\\' ? (at > start ? [start + 1, at] : []) : [];
  if (character !== '\\' && text.startsWith(character, at)) ends.push(at + character.length);
  if (character === ' ' && text[at] === '+') ends.push(at + 1);
  if (at > start && text[at] === SHORT_ESCAPES.get(character)) ends.push(at + 1);
  const byUnits = endOfUnits(text, start, character);
  if (byUnits !== undefined) ends.push(byUnits);
  const byBytes = endOfBytes(text, start, character);
  if (byBytes !== undefined) ends.push(byBytes);
  // In `%2525` it may end after each 25, because the next characters may be digits.
  if (character === '%' && text[start] === '%') {
    for (let end = start + 1; text.startsWith('25', end); end += 2) ends.push(end + 2);
  }
  return ends;
}

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', 'n'],
  ['\r', 'r'],
  ['\t', 't'],
  ['\b', 'b'],
  ['\f', 'f'],
  ['\v', 'v'],
  ['\u0007', 'a'],
]);

/** Escaped as in JSON: by its UTF-16 units. */
function endOfUnits(text: string, start: number, character: string): number | undefined {
  if (text[start] !== '\\') return undefined;
  let at = start;
  for (const unit of character.split('')) {
    const [escape, digits] = escapeAt(UNIT, text, at);
    if (escape === undefined || Number.parseInt(digits, 16) !== unit.charCodeAt(0)) return undefined;
    at += escape.length;
  }
  return at;
}

/** Escaped as in URLs and by Redis, or as text whose bytes were read as characters: by its bytes in UTF-8. */
function endOfBytes(text: string, start: number, character: string): number | undefined {
  const isPlain = text[start] !== '%' && text[start] !== '\\';
  if (isPlain && character.charCodeAt(0) < 0x80) return undefined;
  let at = start;
  for (const byte of Buffer.from(character)) {
    const [escape, digits] = escapeAt(BYTE, text, at);
    if (escape !== undefined && Number.parseInt(digits, 16) === byte) at += escape.length;
    else if (text.charCodeAt(at) === byte) at += 1;
    else return undefined;
  }
  return at;
}

const UNIT = /\\+u([\da-f]{4})/iy;
const BYTE = /(?:%(?:25)*|\\+x)([\da-f]{2})/iy;

function escapeAt(escape: RegExp, text: string, at: number): [string | undefined, string] {
  escape.lastIndex = at;
  const match = escape.exec(text);
  return [match?.[0], match?.[1] ?? ''];
}

/** No letter or digit is adjacent. Those of an escape do not count. */
function isWord(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - 8), start);
  const isApart = ENDS_WITH_ESCAPE.test(before) || !/[\p{L}\p{N}_]$/u.test(before);
  return isApart && !/^[\p{L}\p{N}_]/u.test(text.slice(end, end + 2));
}

const ENDS_WITH_ESCAPE = /(?:\\(?:x[\da-f]{2}|u[\da-f]{4}|[a-z])|%[\da-f]{2})$/i;

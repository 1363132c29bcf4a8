/** More is surely a mistake, and servers before 7.0.9 need exponential time for it at each PUBLISH (CVE-2022-36021). */
const MAX_STARS = 10;

/**
 * A Redis glob, compiled once. It matches exactly the channels for which a PSUBSCRIBE with this pattern gets the
 * message: bytes are compared, not characters, `*` crosses every separator, and only the empty glob matches the
 * empty channel.
 */
export class RedisGlob {
  readonly #matches: Matcher;

  constructor(readonly pattern: string) {
    this.#matches = compile(parse(pattern));
  }

  /** Whether Redis delivers a message on this channel to a subscription with this pattern. */
  matches(channel: string): boolean {
    return this.#matches(channel);
  }
}

/** Whether the text has a glob character (`*`, `?` or `[`) that no backslash takes literally. */
export function isGlob(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i];
    if (char === '\\') i += 1;
    else if (char === '*' || char === '?' || char === '[') return true;
  }
  return false;
}

/** A glob that matches exactly this text. */
export function escapeGlob(text: string): string {
  return text.replaceAll(/[\\*?[]/g, String.raw`\$&`);
}

/** The one channel that a glob without unescaped glob characters matches: `\*` becomes `*`. */
export function unescapeGlob(text: string): string {
  return text.replaceAll(/\\(.)/gs, '$1');
}

/** What is legal for Redis but surely a mistake, each with what to write instead. Empty when all is well. */
export function globProblems(pattern: string): string[] {
  if (pattern === '') return ['it is empty and matches no channel; write * for every channel'];
  const steps = parse(pattern);
  const problems = steps.flatMap((step) => (step.kind === 'class' ? classProblems(step) : []));
  const stars = steps.filter((step) => step.kind === 'star').length;
  if (stars > MAX_STARS) {
    problems.unshift(
      `it has ${stars} stars, and more than ${MAX_STARS} can hold up the server at each PUBLISH; ` +
        `write fewer, one * already crosses every separator`,
    );
  }
  if (steps.at(-1)?.kind === 'loneBackslash') {
    problems.push(String.raw`it ends in a backslash that escapes nothing; write \\ for a literal backslash`);
  }
  return problems;
}

type Matcher = (channel: string) => boolean;

/** 256 entries: 1 for each byte that is a member. */
type ByteSet = Uint8Array;

interface ClassStep {
  readonly kind: 'class';
  readonly members: ByteSet;
  /** The class as it is written, brackets included, one character per byte. */
  readonly source: string;
  readonly isClosed: boolean;
  /** Ranges whose start is above their end, as bytes. */
  readonly reversedRanges: readonly string[];
}

type Step =
  | { readonly kind: 'star' | 'anyByte' }
  | { readonly kind: 'byte' | 'loneBackslash'; readonly byte: string }
  | ClassStep;

/**
 * The UTF-8 bytes of a text as a string of one character per byte. ASCII is returned as it is, without allocating:
 * that is why the matcher reads strings and not Buffers.
 */
function byteString(text: string): string {
  for (let i = 0; i < text.length; i += 1) {
    if (text.charCodeAt(i) > 0x7f) return Buffer.from(text, 'utf8').toString('latin1');
  }
  return text;
}

function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function parse(pattern: string): Step[] {
  const bytes = byteString(pattern);
  const steps: Step[] = [];
  for (let i = 0; i < bytes.length;) {
    const step = stepAt(bytes, i);
    steps.push(step);
    if (step.kind === 'class') i += step.source.length;
    else i += step.kind === 'byte' && bytes[i] === '\\' ? 2 : 1;
  }
  return steps;
}

function stepAt(bytes: string, at: number): Step {
  const byte = bytes.charAt(at);
  if (byte === '*') return { kind: 'star' };
  if (byte === '?') return { kind: 'anyByte' };
  if (byte === '[') return classAt(bytes, at);
  if (byte !== '\\') return { kind: 'byte', byte };
  const escaped = bytes[at + 1];
  return escaped === undefined ? { kind: 'loneBackslash', byte } : { kind: 'byte', byte: escaped };
}

/**
 * A class ends at the first `]` that is neither escaped nor the end of a range (`[a-]` is an open one), or at the
 * end of the pattern. Only `^` negates it.
 */
function classAt(bytes: string, start: number): ClassStep {
  const members = new Uint8Array(256);
  const reversedRanges: string[] = [];
  const isNegated = bytes[start + 1] === '^';
  let i = start + (isNegated ? 2 : 1);
  while (i < bytes.length && bytes[i] !== ']') {
    if (bytes[i] === '\\' && i + 1 < bytes.length) {
      members[bytes.charCodeAt(i + 1)] = 1;
      i += 2;
    } else if (bytes[i + 1] === '-' && i + 2 < bytes.length) {
      addRange(members, bytes.charCodeAt(i), bytes.charCodeAt(i + 2));
      if (bytes.charCodeAt(i) > bytes.charCodeAt(i + 2)) reversedRanges.push(bytes.slice(i, i + 3));
      i += 3;
    } else {
      members[bytes.charCodeAt(i)] = 1;
      i += 1;
    }
  }
  const isClosed = i < bytes.length;
  return {
    kind: 'class',
    members: isNegated ? members.map((isMember) => 1 - isMember) : members,
    source: bytes.slice(start, isClosed ? i + 1 : i),
    isClosed,
    reversedRanges,
  };
}

/** Redis swaps the ends of a reversed range, and compares them as `char`, which is signed on x86. */
function addRange(members: ByteSet, from: number, to: number): void {
  const low = Math.min(signed(from), signed(to));
  const high = Math.max(signed(from), signed(to));
  for (let value = low; value <= high; value += 1) members[value & 0xff] = 1;
}

function signed(byte: number): number {
  return byte > 0x7f ? byte - 256 : byte;
}

function classProblems({ source, isClosed, reversedRanges }: ClassStep): string[] {
  const written = shown(source);
  if (!isClosed) {
    const hint = source.endsWith('-]')
      ? String.raw`the - makes ] the end of a range: write \- for a literal -`
      : String.raw`add the ], or write \[ for a literal [`;
    return [`the class ${written} is not closed; ${hint}`];
  }
  if (byteString(source) !== source) {
    return [
      `the class ${written} holds a character outside ASCII, of which Redis compares single bytes; ` +
        `write one glob for each such character`,
    ];
  }
  return reversedRanges.map((range) => {
    const ordered = `${range.charAt(2)}-${range.charAt(0)}`;
    return `the range ${shown(range)} in the class ${written} is reversed; write ${shown(ordered)}`;
  });
}

/** JSON-escaped, so that it stays on one line, and cut at 40 characters. */
function shown(bytes: string): string {
  const text = textOf(bytes);
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text);
}

/** What stands between two stars: a fixed number of bytes (or, where all runs are literal, of characters). */
interface Run {
  readonly length: number;
  fits(subject: string, at: number): boolean;
  /** The first position from `from` up to `last` where it fits, or -1. */
  find(subject: string, from: number, last: number): number;
}

function compile(steps: readonly Step[]): Matcher {
  const runs = splitAtStars(steps);
  const texts = runs.map(literalText);
  // UTF-8 and UTF-16 agree on where a whole literal text stands, so literals need no encoding per match.
  if (texts.every((text) => text !== undefined)) return literalMatcher(texts);
  return runMatcher(runs.map(byteRun), byteString);
}

function splitAtStars(steps: readonly Step[]): Step[][] {
  const runs: Step[][] = [[]];
  for (const step of steps) {
    if (step.kind === 'star') runs.push([]);
    else runs.at(-1)?.push(step);
  }
  return runs;
}

/** U+FFFD is also what a lone surrogate is encoded as, so only the bytes tell: such a text is not compared as text. */
function literalText(run: readonly Step[]): string | undefined {
  let bytes = '';
  for (const step of run) {
    if (!('byte' in step)) return undefined;
    bytes += step.byte;
  }
  const text = textOf(bytes);
  return text.includes('\ufffd') ? undefined : text;
}

/** Most patterns are a channel or have one star: those need no loop. */
function literalMatcher(texts: readonly string[]): Matcher {
  const [head = '', tail] = texts;
  if (tail === undefined) return (channel) => channel === head;
  if (texts.length > 2) return runMatcher(texts.map(textRun), (channel) => channel);
  const minLength = Math.max(1, head.length + tail.length);
  return (channel) => channel.length >= minLength && channel.startsWith(head) && channel.endsWith(tail);
}

/** The ends are fixed; each run between them takes the first place where it fits, which never costs a later one its. */
function runMatcher(runs: readonly Run[], subjectOf: (channel: string) => string): Matcher {
  const [head, ...rest] = runs as readonly [Run, ...Run[]];
  const tail = rest.pop();
  const between = rest.filter((run) => run.length > 0);
  if (!tail) {
    return (channel) => {
      const subject = subjectOf(channel);
      return subject.length === head.length && head.fits(subject, 0);
    };
  }
  return (channel) => {
    const subject = subjectOf(channel);
    const end = subject.length - tail.length;
    if (subject === '' || end < head.length) return false;
    if (!head.fits(subject, 0) || !tail.fits(subject, end)) return false;
    let from = head.length;
    for (const run of between) {
      const at = run.find(subject, from, end - run.length);
      if (at < 0) return false;
      from = at + run.length;
    }
    return true;
  };
}

function textRun(text: string): Run {
  return {
    length: text.length,
    fits: (subject, at) => subject.startsWith(text, at),
    find: (subject, from, last) => {
      const at = subject.indexOf(text, from);
      return at <= last ? at : -1;
    },
  };
}

function byteRun(steps: readonly Step[]): Run {
  const tests = steps.map(byteTest);
  const fits = (subject: string, at: number): boolean => {
    for (let i = 0; i < tests.length; i += 1) {
      const test = tests[i];
      const byte = subject.charCodeAt(at + i);
      if (typeof test === 'number' ? byte !== test : test && test[byte] !== 1) return false;
    }
    return true;
  };
  return {
    length: tests.length,
    fits,
    find: (subject, from, last) => {
      for (let at = from; at <= last; at += 1) if (fits(subject, at)) return at;
      return -1;
    },
  };
}

/** The one byte, the bytes to choose from, or undefined for any byte. */
function byteTest(step: Step): number | ByteSet | undefined {
  if (step.kind === 'class') return step.members;
  return 'byte' in step ? step.byte.charCodeAt(0) : undefined;
}

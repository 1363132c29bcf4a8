import type { Matcher } from './glob.matcher.js';
import { compileSteps } from './glob.matcher.js';
import type { ClassStep } from './glob.steps.js';
import { byteString, parseGlob, textOf } from './glob.steps.js';

/**
 * A larger number is certainly a mistake, and servers before 7.0.9 need exponential time for it at each PUBLISH
 * (CVE-2022-36021).
 */
const MAX_STARS = 10;

/**
 * A Redis glob, compiled once. It matches exactly the channels that a PSUBSCRIBE with this pattern delivers: it compares bytes,
 * not characters, `*` crosses every separator, and only the empty glob matches the empty channel.
 */
export class RedisGlob {
  readonly #matches: Matcher;

  constructor(
    /** The glob as written. */
    readonly pattern: string,
  ) {
    this.#matches = compileSteps(parseGlob(pattern));
  }

  /** Whether Redis delivers a message on this channel to a subscription with this pattern. */
  matches(channel: string): boolean {
    return this.#matches(channel);
  }
}

/** Whether the text has a glob character (`*`, `?` or `[`) without a backslash before it. */
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

/** Mistakes that Redis accepts, each with what to write instead. Empty if there are none. */
export function globProblems(pattern: string): string[] {
  if (pattern === '') return ['it is empty and matches no channel; write * for every channel'];
  const steps = parseGlob(pattern);
  const problems = steps.flatMap((step) => (step.kind === 'class' ? classProblems(step) : []));
  const stars = steps.filter((step) => step.kind === 'star').length;
  if (stars > MAX_STARS) {
    problems.unshift(
      `it has ${stars} stars, and more than ${MAX_STARS} can block the server at each PUBLISH; ` +
        `write fewer, one * already crosses every separator`,
    );
  }
  if (steps.at(-1)?.kind === 'loneBackslash') {
    problems.push(String.raw`it ends in a backslash that escapes nothing; write \\ for a literal backslash`);
  }
  return problems;
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
      `the class ${written} contains a character outside ASCII, but Redis compares single bytes; ` +
        `write one glob for each such character`,
    ];
  }
  return reversedRanges.map((range) => {
    const ordered = `${range.charAt(2)}-${range.charAt(0)}`;
    return `the range ${shown(range)} in the class ${written} is reversed; write ${shown(ordered)}`;
  });
}

/** JSON-escaped, so that it stays on one line, and cut to 40 characters. */
function shown(bytes: string): string {
  const text = textOf(bytes);
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text);
}

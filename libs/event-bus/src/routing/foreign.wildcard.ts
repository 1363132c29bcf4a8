/** A wildcard syntax of other brokers and emitters, and the Redis syntax for it. */
interface Dialect {
  readonly looksLike: RegExp;
  /** How Redis reads it. */
  readonly meaning: string;
  /** What to write instead of such a target. */
  readonly instead: (target: string) => string;
}

/** Run-time targets may contain foreign input, and matching the expressions takes quadratic time. */
const MAX_LENGTH = 256;

const STAR = 'One * crosses every separator.';

/** The first match names the mistake. Segments are separated by dots, colons or slashes. */
const DIALECTS: readonly Dialect[] = [
  {
    looksLike: /\{[^{}]*,[^{}]*\}/,
    meaning: 'Redis has no alternatives: { and } are literal.',
    instead: (target) => `Write an array: [${alternatives(target, '{', ',', '}')}].`,
  },
  {
    looksLike: /[@!+?]?\([^()]*\|[^()]*\)/,
    meaning: 'Redis has no alternatives: ( and | are literal.',
    instead: (target) => `Write an array: [${alternatives(target, '(', '|', ')')}].`,
  },
  {
    looksLike: /\*\*/,
    meaning: 'In Redis ** is the same as *.',
    instead: (target) => `${STAR} Write "${target.replaceAll(/\*{2,}/g, '*')}".`,
  },
  {
    looksLike: /(^|[.:/])#(?=$|[.:/])/,
    meaning: 'In Redis # is literal.',
    instead: (target) => `${STAR} Write "${target.replaceAll(/(^|[.:/])#(?=$|[.:/])/g, '$1*')}".`,
  },
  {
    looksLike: /(^|[.:/])\+(?=$|[.:/])/,
    meaning: 'In Redis + is literal.',
    instead: (target) =>
      `Write "${target.replaceAll(/(^|[.:/])\+(?=$|[.:/])/g, '$1*')}", or a template such as "orders:<id>", in which a parameter is one segment.`,
  },
  {
    looksLike: /(^|[:/])\.[*+]/,
    meaning: 'Redis has no regular expressions: the dot is literal.',
    instead: (target) => `${STAR} Write "${target.replaceAll(/(^|[:/])\.[*+]/g, '$1*')}".`,
  },
];

/** Each expression needs one of these, and most targets have none. */
const HINT = /[{(*#+]/;

/** What to write if the target is probably a wildcard of another broker. Undefined otherwise. */
export function foreignWildcard(target: string): string | undefined {
  if (target.length > MAX_LENGTH || !HINT.test(target)) return undefined;
  const dialect = DIALECTS.find(({ looksLike }) => looksLike.test(target));
  return dialect && `${dialect.meaning} ${dialect.instead(target)} If you mean it literally, set kind.`;
}

/** The targets for the first group of alternatives, as code. */
function alternatives(target: string, open: string, separator: string, close: string): string {
  const from = target.indexOf(open);
  const to = target.indexOf(close, from);
  const before = target.slice(0, from).replace(/[@!+?]$/, '');
  const texts = target.slice(from + 1, to).split(separator);
  return texts.map((text) => `'${before}${text.trim()}${target.slice(to + 1)}'`).join(', ');
}

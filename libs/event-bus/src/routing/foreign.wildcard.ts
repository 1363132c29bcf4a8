/** A way in which other brokers and emitters write wildcards, and what Redis takes in its place. */
interface Dialect {
  readonly looksLike: RegExp;
  /** What Redis makes of it. */
  readonly meaning: string;
  /** What to write, for a target that looks like it. */
  readonly instead: (target: string) => string;
}

/** Run-time targets may be made of what strangers send, and the expressions take a time quadratic in what they look at. */
const MAX_LENGTH = 256;

const STAR = 'One * crosses every separator.';

/** The first that fits names the mistake. A segment is what stands between dots, colons and slashes. */
const DIALECTS: readonly Dialect[] = [
  {
    looksLike: /\{[^{}]*,[^{}]*\}/,
    meaning: 'Redis has no alternatives: it takes { and } literally.',
    instead: (target) => `Write an array: [${alternatives(target, '{', ',', '}')}].`,
  },
  {
    looksLike: /[@!+?]?\([^()]*\|[^()]*\)/,
    meaning: 'Redis has no alternatives: it takes ( and | literally.',
    instead: (target) => `Write an array: [${alternatives(target, '(', '|', ')')}].`,
  },
  {
    looksLike: /\*\*/,
    meaning: 'To Redis ** is the same as *.',
    instead: (target) => `${STAR} Write "${target.replaceAll(/\*{2,}/g, '*')}".`,
  },
  {
    looksLike: /(^|[.:/])#(?=$|[.:/])/,
    meaning: 'Redis takes # literally.',
    instead: (target) => `${STAR} Write "${target.replaceAll(/(^|[.:/])#(?=$|[.:/])/g, '$1*')}".`,
  },
  {
    looksLike: /(^|[.:/])\+(?=$|[.:/])/,
    meaning: 'Redis takes + literally.',
    instead: (target) =>
      `Write "${target.replaceAll(/(^|[.:/])\+(?=$|[.:/])/g, '$1*')}", or a template as "orders:<id>", whose parameter is one segment.`,
  },
  {
    looksLike: /(^|[:/])\.[*+]/,
    meaning: 'Redis takes no regular expressions: the dot is literal.',
    instead: (target) => `${STAR} Write "${target.replaceAll(/(^|[:/])\.[*+]/g, '$1*')}".`,
  },
];

/** Whether a target is probably meant as the wildcard of another broker, and what to write. Undefined when it is fine. */
export function foreignWildcard(target: string): string | undefined {
  if (target.length > MAX_LENGTH) return undefined;
  const dialect = DIALECTS.find(({ looksLike }) => looksLike.test(target));
  return dialect && `${dialect.meaning} ${dialect.instead(target)} If you mean it literally, set kind.`;
}

/** The targets that the first group of alternatives stands for, as code. */
function alternatives(target: string, open: string, separator: string, close: string): string {
  const from = target.indexOf(open);
  const to = target.indexOf(close, from);
  const before = target.slice(0, from).replace(/[@!+?]$/, '');
  const texts = target.slice(from + 1, to).split(separator);
  return texts.map((text) => `'${before}${text.trim()}${target.slice(to + 1)}'`).join(', ');
}

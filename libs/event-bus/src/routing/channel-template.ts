import { escapeGlob, isGlob } from './redis-glob.js';
import { TemplateMatcher, isParamValue } from './template.matcher.js';

/** Values of a template's parameters, by name. */
export type TemplateParams = Readonly<Record<string, string>>;

interface Literal {
  readonly literal: string;
}

interface Param {
  readonly name: string;
  /** `<name...>`: the rest of the channel, separators included. */
  readonly isTail: boolean;
}

type Part = Literal | Param;

const PARAM = /<([A-Za-z0-9_-]+)(\.\.\.)?>/g;

/** Whether the text has a parameter, `<name>` or `<name...>`. */
export function isTemplate(text: string): boolean {
  return text.search(PARAM) !== -1;
}

/** The problem of a template and what to write instead, or undefined if it is valid. */
export function templateProblem(text: string): string | undefined {
  const parts = parse(text);
  const literals = parts.filter((part): part is Literal => 'literal' in part).map((part) => part.literal);
  const params = parts.filter((part): part is Param => 'name' in part);
  const names = params.map((param) => param.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return `the parameter <${twice}> occurs twice. Give each parameter its own name.`;
  if (literals.some((literal) => /[<>]/.test(literal))) {
    return 'a parameter is written <name>, with letters, digits, "_" and "-" only; < and > have no other use.';
  }
  if (literals.some((literal) => isGlob(literal))) {
    return 'a template cannot contain glob characters. Use a parameter instead; <name...> takes the rest.';
  }
  const neighbours = parts.some(
    (part, index) => 'name' in part && 'name' in (parts[index + 1] ?? { literal: '' }),
  );
  if (neighbours) return 'two parameters are adjacent. Put a separator between them, e.g. <a>:<b>.';
  const tail = params.findIndex((param) => param.isTail);
  if (tail !== -1 && parts.at(-1) !== params[tail]) {
    return `<${names[tail]}...> takes the rest of the channel, so it must come last.`;
  }
  return undefined;
}

/**
 * A channel with parameters: `orders:<orderId>:created`, or with a tail: `files:<path...>`. The value of a parameter is any
 * non-empty text without `:`, glob or control characters; the value of a tail may contain `:`. The bus subscribes to a glob
 * with a star for each parameter. The glob is wider than the template, so each delivered channel must still {@link match}.
 */
export class ChannelTemplate {
  /** The names in order. Empty for a plain channel. */
  readonly paramNames: readonly string[];
  /** The glob to subscribe to; the channel itself if there are no parameters. */
  readonly glob: string;

  private readonly parts: readonly Part[];
  /** Undefined if there are no parameters. */
  private readonly matcher: TemplateMatcher | undefined;

  /** @param text a text without a {@link templateProblem} */
  constructor(readonly text: string) {
    this.parts = parse(text);
    this.paramNames = this.parts.flatMap((part) => ('name' in part ? [part.name] : []));
    this.glob = this.parts.map((part) => ('literal' in part ? escapeGlob(part.literal) : '*')).join('');
    this.matcher = matcherOf(this.parts);
  }

  /** A channel of this template, used to check the literal parts. */
  get sample(): string {
    return this.parts.map((part) => ('literal' in part ? part.literal : 'x')).join('');
  }

  /** Whether the channel matches this template. */
  matches(channel: string): boolean {
    return this.matcher === undefined ? channel === this.text : this.matcher.matches(channel);
  }

  /** The values of the parameters in this channel, or undefined if it does not match. */
  match(channel: string): TemplateParams | undefined {
    if (!this.matches(channel)) return undefined;
    const { matcher, paramNames } = this;
    const params = Object.create(null) as Record<string, string>;
    if (matcher === undefined) return params;
    for (let i = 0; i < paramNames.length; i += 1) {
      params[paramNames[i] as string] = matcher.valueIn(channel, i);
    }
    return params;
  }

  /** Why these values do not give a channel, or undefined if they do. */
  paramsProblem(params: unknown): string | undefined {
    const given = (params ?? {}) as Record<string, unknown>;
    if (typeof given !== 'object') return 'params must be an object.';
    for (const part of this.parts) {
      if ('literal' in part) continue;
      const value = Object.hasOwn(given, part.name) ? given[part.name] : undefined;
      if (value === undefined) return `params.${part.name} is missing.`;
      if (typeof value !== 'string' || !isParamValue(value, part.isTail)) {
        const separator = part.isTail ? '' : '":", ';
        return `params.${part.name} must be a non-empty string without ${separator}glob or control characters.`;
      }
    }
    const unknown = Object.keys(given).find((name) => !this.paramNames.includes(name));
    return unknown === undefined ? undefined : `params.${unknown} is not a parameter of ${this.text}.`;
  }

  /** The channel with these values, which must have no {@link paramsProblem}. */
  fill(params: TemplateParams): string {
    return this.parts.map((part) => ('literal' in part ? part.literal : params[part.name])).join('');
  }
}

function parse(text: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const found of text.matchAll(PARAM)) {
    if (found.index > end) parts.push({ literal: text.slice(end, found.index) });
    parts.push({ name: propertyName(found[1] as string), isTail: found[2] !== undefined });
    end = found.index + found[0].length;
  }
  if (end < text.length) parts.push({ literal: text.slice(end) });
  return parts;
}

/** Interned like a property name in V8: with a sliced text, each use would need a look-up. */
function propertyName(text: string): string {
  return Object.keys({ [text]: true })[0] as string;
}

function matcherOf(parts: readonly Part[]): TemplateMatcher | undefined {
  const texts = [''];
  let hasTail = false;
  for (const part of parts) {
    if ('literal' in part) texts[texts.length - 1] += part.literal;
    else {
      texts.push('');
      hasTail = part.isTail;
    }
  }
  return texts.length === 1 ? undefined : new TemplateMatcher(texts, hasTail);
}

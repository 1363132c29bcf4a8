import { InvalidOptionError, quote } from '../errors.js';

const NAME = /^[a-z0-9]{1,20}$/;
/** The attributes that the codec sets itself: a header must not override them. */
const OWNED = new Set([
  'specversion',
  'source',
  'type',
  'datacontenttype',
  'data',
  'data_base64',
  'publisherid',
  'sequence',
]);
/** The CloudEvents attributes that must not be empty if they are present. */
const NEVER_EMPTY = new Set(['id', 'subject', 'dataschema']);
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

/** @throws InvalidOptionError when a header cannot be an attribute of a CloudEvent. */
export function checkHeader(name: string, value: unknown): asserts value is string {
  const problem = headerProblem(name, value);
  if (problem !== undefined) throw new InvalidOptionError(`headers[${quote(name)}]`, problem);
}

/** The problem with the `source` of a CloudEvent, if there is one: it must be a URI-reference (RFC 3986). */
export function sourceProblem(source: unknown): string | undefined {
  if (typeof source !== 'string' || source === '') return 'must be a non-empty string';
  if (!/^(?:[\w\-.~:/?#[\]@!$&'()*+,;=]|%[\da-f]{2})+$/i.test(source)) {
    return 'has a character that a URI must not contain: percent-encode it';
  }
  const [beforeFragment, ...fragments] = source.split('#');
  if (fragments.length > 1) return 'has more than one #';
  // Without a scheme, a colon in the first segment would look like one.
  const firstSegment = /^[^/?]*/.exec(beforeFragment as string)?.[0] ?? '';
  return firstSegment.includes(':') && !/^[a-z][a-z\d+\-.]*:/i.test(firstSegment)
    ? 'must begin with a scheme or a path'
    : undefined;
}

function headerProblem(name: string, value: unknown): string | undefined {
  if (OWNED.has(name)) return 'is set by cloudEvents() itself. Leave it out.';
  if (!NAME.test(name)) {
    return 'is not a valid name of a CloudEvents attribute. Use 1 to 20 of the characters a to z and 0 to 9.';
  }
  if (typeof value !== 'string') return `must be a string, not ${value === null ? 'null' : typeof value}.`;
  if (value === '' && NEVER_EMPTY.has(name)) return 'must not be empty. Leave it out.';
  if (name === 'time' && !isTime(value)) {
    return 'must be an RFC 3339 time. Write new Date().toISOString().';
  }
  return undefined;
}

function isTime(value: string): boolean {
  return RFC_3339.test(value) && !Number.isNaN(Date.parse(value));
}

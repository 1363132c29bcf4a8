import { describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const SOURCE = 'libs/event-bus/src';

/** Phrases at which readers stop, and what to write. Plain technical English: active voice, the field's terms, short sentences. */
const PHRASES: readonly (readonly [phrase: RegExp, write: string])[] = [
  [/told of/, '"reported"'],
  [/what waits/, '"is pending" or "is buffered"'],
  [/as (it|they) came/, '"unchanged", or "in order of arrival"'],
  [/whoever/, 'who it is: "the caller", "any client"'],
  [/nobody (gets|got|knows|waits|will)/, 'who it is: "no subscriber received it", "it is unknown"'],
  [/by (itself|themselves)/, '"automatically", or "separately"'],
  [/side by side/, '"concurrently"'],
  [/(is|are) (no|of no) use/, 'what it cannot do: "Group x cannot claim this event"'],
  [/refuses us/, '"rejected the connection"'],
  [/let more run/, '"raise concurrency"'],
  [/held up everything/, '"the event loop was blocked"'],
  [/makes? up for/, '"compensates for"'],
  [/(say|says|said) itself/, '"options set on a handler override these"'],
  [/(is|are) stronger/, '"takes precedence" or "overrides"'],
  [/places? (in|of) the byte stream/, '"in stream order"'],
  [/up to so many/, '"for up to that long"'],
  [/a trickle of/, '"at low rates"'],
];

/** A line may end within a phrase, also a line of a comment. */
const GAP = String.raw`\s+(?:(?:\*|//)\s+)?`;

const MATCHERS = PHRASES.map(([{ source }, write]) => ({
  matcher: new RegExp(String.raw`\b${source.replaceAll(' ', GAP)}\b`, 'gi'),
  write,
}));

const files = [
  'README.md',
  'libs/event-bus/README.md',
  'CHANGELOG.md',
  'docs/delivery.md',
  'docs/upgrading.md',
  ...['docker', 'reconcile', 'sse'].map((recipe) => `docs/recipes/${recipe}.md`),
  ...readdirSync(join(ROOT, SOURCE), { recursive: true })
    .map((name) => join(SOURCE, String(name)))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts')),
];

/** `file:line: "phrase", write …` */
function findingsIn(text: string, file: string): string[] {
  return MATCHERS.flatMap(({ matcher, write }) =>
    [...text.matchAll(matcher)].map(({ 0: phrase, index }) => {
      const line = text.slice(0, index).split('\n').length;
      return `${file}:${line}: ${JSON.stringify(phrase)}, write ${write}`;
    }),
  );
}

describe('the texts of the library', () => {
  it('have no phrase at which readers stop', () => {
    expect(files.flatMap((file) => findingsIn(readFileSync(join(ROOT, file), 'utf8'), file))).toEqual([]);
  });

  it.each([
    'The event is no use to the group "x".',
    '… or let more run side by side with orderBy.',
    'Handlers held up everything else.',
    'Redis at h:1 refuses us: …',
    'What a handler says itself is stronger.',
    'When it is told of, it is over.',
    'It waits up to so many milliseconds. What waits is sent as it came.',
    'A trickle of events is later.',
    '/**\n   * From this place of the\n   * byte stream on, whoever asks …\n   */',
    '// It reconnects by\n// itself.',
  ])('would be found in %j', (text) => {
    expect(findingsIn(text, 'a.ts')).not.toEqual([]);
  });

  it.each(['It is pending.', 'It reconnects automatically.', 'The broker received it.', 'untold often'])(
    'would not be found in %j',
    (text) => {
      expect(findingsIn(text, 'a.ts')).toEqual([]);
    },
  );
});

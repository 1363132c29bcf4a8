import { describe, expect, it } from '@jest/globals';
import { report } from '../../../../test/support/report.samples.js';
import type { Report } from './report.js';
import { MAX_REPORT_BYTES } from './report.js';
import { readReport } from './report.reader.js';
import { fittedText } from './report.size.js';

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

const long = 'ü'.repeat(200);
const tail = many(100, (atMs) => ({ what: 'published', atMs, tookMs: 1, payload: long }) as const);
const top = many(
  50,
  (index) =>
    ({
      name: `${index}${long}`,
      isTemplate: false,
      kind: 'channel',
      published: 2,
      nobody: 1,
      failed: 0,
    }) as const,
);
const [handler] = report().handlers;

/** Reads it as others do, who ignore what is too large. */
function fitted(full: Report, maxBytes = MAX_REPORT_BYTES): Report {
  const text = fittedText(full, maxBytes) ?? '';
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBytes);
  const read = readReport(text);
  if ('message' in read && read.message.type === 'report') return read.message;
  throw new Error(`It is ignored: ${JSON.stringify(read)}`);
}

describe('fittedText', () => {
  it('changes nothing in a report that fits', () => {
    const full = report({ tail });
    expect(fitted(full)).toEqual(full);
  });

  it('leaves out the oldest of the tail first, and says how many', () => {
    const full = report({ tail, published: { ...report().published, top }, leftOut: { tail: 7 } });
    const { tail: kept, leftOut, ...rest } = fitted(full, 40_000);
    expect(kept.length).toBeGreaterThan(10);
    expect(kept).toEqual(tail.slice(-kept.length));
    expect(leftOut).toEqual({ tail: 7 + 100 - kept.length });
    expect({ ...rest, tail, leftOut: { tail: 7 } }).toEqual(full);
  });

  it('leaves out channels next, whose numbers become part of the rest', () => {
    const full = report({ tail, published: { top, rest: { published: 1, nobody: 0, failed: 3 } } });
    const { tail: kept, published, leftOut } = fitted(full, 10_000);
    expect(kept).toEqual([]);
    const missing = 50 - published.top.length;
    expect(published.top.length).toBeGreaterThan(5);
    expect(published.top).toEqual(top.slice(0, -missing));
    expect(published.rest).toEqual({ published: 1 + 2 * missing, nobody: missing, failed: 3 });
    expect(leftOut).toEqual({ tail: 100, published: missing });
  });

  it('leaves out subscriptions and handlers of which there are very many', () => {
    const full = report({
      tail,
      subscriptions: many(2_000, (index) => ({ kind: 'channel', target: `${index}`, state: 'active' })),
      handlers: many(2_000, (index) => ({
        ...(handler as NonNullable<typeof handler>),
        handler: `H${index}`,
      })),
    });
    const { subscriptions, handlers, counters, leftOut } = fitted(full);
    expect(subscriptions).toEqual([]);
    expect(handlers.length).toBeGreaterThan(100);
    expect(leftOut).toEqual({
      tail: 100,
      published: 1,
      subscriptions: 2_000,
      handlers: 2_000 - handlers.length,
    });
    expect(counters).toEqual(full.counters);
  });

  it('is nothing if not even the numbers fit', () => {
    expect(fittedText(report({ prefix: 'x'.repeat(MAX_REPORT_BYTES) }))).toBeUndefined();
  });
});

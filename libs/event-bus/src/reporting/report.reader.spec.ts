import { describe, expect, it } from '@jest/globals';
import { MAX_REPORT_BYTES } from './report.js';
import { readReport } from './report.reader.js';
import { bye, hello, report } from '../../../../test/support/report.samples.js';

const entry = { what: 'published', atMs: 1, tookMs: 2, payload: '"\u001b[31m<img onerror=x>"' } as const;

describe('readReport', () => {
  it.each([
    ['a hello', hello()],
    ['a bye', bye()],
    ['a report', report()],
    ['a report of a named bus with a tail', report({ bus: 'audit', tail: [entry], leftOut: { tail: 3 } })],
  ])('reads %s', (_what, message) => {
    expect(readReport(JSON.stringify(message))).toEqual({ message });
    expect(readReport(Buffer.from(JSON.stringify(message)))).toEqual({ message });
  });

  it('keeps markup and control characters as text', () => {
    const text = '\u202e<script>\u0007';
    const said = hello({ instance: { ...hello().instance, service: text } });
    expect(readReport(JSON.stringify(said))).toEqual({ message: said });
  });

  it('leaves out fields that it does not know', () => {
    const text = JSON.stringify({ ...hello(), mood: 'good' }).replace(
      '{',
      '{"__proto__":{"state":"closed"},',
    );
    expect(readReport(text)).toEqual({ message: hello() });
  });

  it.each(['', '{', 'nothing', '{"v":1', '\u0000'])('ignores %j, which is no JSON', (body) => {
    expect(readReport(body)).toEqual({ problem: 'not-json' });
  });

  it.each([0, 2, '1', null, undefined])('ignores version %j', (v) => {
    expect(readReport(JSON.stringify({ ...hello(), v }))).toEqual({ problem: 'other-version' });
  });

  it('ignores what is larger than a report may be, in characters or in bytes', () => {
    const large = (text: string) => readReport(JSON.stringify(report({ reason: text })));
    expect(large('x'.repeat(MAX_REPORT_BYTES))).toEqual({ problem: 'too-large' });
    expect(large('…'.repeat(MAX_REPORT_BYTES / 2))).toEqual({ problem: 'too-large' });
    expect(large('x'.repeat(MAX_REPORT_BYTES / 2))).toHaveProperty('message');
  });

  it('ignores numbers, texts and lists that are none', () => {
    const { instance } = hello();
    const wrong: readonly unknown[] = [
      null,
      'hello',
      1,
      { ...hello(), type: 'shout' },
      { ...hello(), type: ['hello'] },
      { ...hello(), state: 'dead' },
      { ...hello(), bus: 7 },
      { ...hello(), instance: undefined },
      { ...hello(), instance: [instance] },
      { ...hello(), instance: { ...instance, pid: '1' } },
      { ...hello(), instance: { ...instance, pid: -1 } },
      { ...hello(), instance: { ...instance, service: 'x'.repeat(257) } },
      { ...report(), handlers: {} },
      { ...report(), handlers: [{}] },
      { ...report(), counters: { ...report().counters, handled: 'many' } },
      { ...report(), counters: { ...report().counters, gaps: undefined } },
      { ...report(), tail: [{ ...entry, what: 'seen' }] },
      { ...report(), tail: [{ ...entry, payload: { html: '<b>' } }] },
      { ...report(), leftOut: { tail: null } },
    ];
    for (const value of wrong) {
      expect([value, readReport(JSON.stringify(value))]).toEqual([value, { problem: 'wrong-shape' }]);
    }
  });

  it('ignores a number that JSON can hold and JavaScript cannot', () => {
    const text = JSON.stringify(report()).replace('"atMs":1', '"atMs":1e999');
    expect(readReport(text)).toEqual({ problem: 'wrong-shape' });
  });
});

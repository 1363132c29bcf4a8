import { describe, expect, it } from '@jest/globals';
import { parseMetrics, sumOf } from '../support/prometheus.text.js';

const counter = '# HELP a_total What.\n# TYPE a_total counter\n';
const histogram = '# HELP h How long.\n# TYPE h histogram\n';
const bucket = (le: string, value: number) => `h_bucket{le="${le}"} ${value}\n`;

describe('parseMetrics', () => {
  it('reads names, labels with escapes, and numbers', () => {
    const metrics = parseMetrics(`${counter}a_total{b="x\\"\\\\\\ny",c=""} 1.5e+3\na_total 2\n`);
    expect(metrics.get('a_total')).toEqual({
      name: 'a_total',
      help: 'What.',
      type: 'counter',
      samples: [
        { name: 'a_total', labels: { b: 'x"\\\ny', c: '' }, value: 1_500 },
        { name: 'a_total', labels: {}, value: 2 },
      ],
    });
    expect(sumOf(metrics, 'a_total')).toBe(1_502);
    expect(sumOf(metrics, 'a_total', { c: '' })).toBe(1_500);
    expect(sumOf(metrics, 'a_total', { c: 'd' })).toBeUndefined();
  });

  it('reads a histogram that adds up', () => {
    const lines = `${bucket('0.1', 1)}${bucket('+Inf', 2)}h_sum 3\nh_count 2\n`;
    expect(parseMetrics(histogram + lines).get('h')?.samples).toHaveLength(4);
  });

  it.each<[string, string, string]>([
    ['a line without end', 'no end', `${counter}a_total 1`],
    ['no HELP', 'no HELP', '# TYPE a_total counter\na_total 1\n'],
    ['no TYPE', 'Of no metric', '# HELP a_total What.\na_total 1\n'],
    ['a foreign line', 'Of no metric', `${counter}b_total 1\n`],
    ['a metric twice', 'is there twice', counter + counter],
    ['a line twice', 'There twice', `${counter}a_total{b="1",c="2"} 1\na_total{c="2",b="1"} 1\n`],
    ['a label twice', 'Malformed labels', `${counter}a_total{b="1",b="2"} 1\n`],
    ['a label with an open quote', 'Malformed labels', `${counter}a_total{b="1} 1\n`],
    ['a label with a quote inside', 'Malformed labels', `${counter}a_total{b="1"2"} 1\n`],
    ['no number', 'Malformed', `${counter}a_total one\n`],
    ['a counter without _total', 'does not end with _total', '# HELP a What.\n# TYPE a counter\na 1\n'],
    [
      'buckets that shrink',
      'Buckets of',
      `${histogram}${bucket('0.1', 3)}${bucket('+Inf', 2)}h_sum 3\nh_count 2\n`,
    ],
    [
      'buckets without order',
      'Buckets of',
      `${histogram}${bucket('2', 1)}${bucket('1', 1)}${bucket('+Inf', 2)}h_sum 3\nh_count 2\n`,
    ],
    ['no last bucket', 'The last bucket', `${histogram}${bucket('0.1', 1)}h_sum 3\nh_count 1\n`],
    ['another count', 'The last bucket', `${histogram}${bucket('+Inf', 2)}h_sum 3\nh_count 3\n`],
    ['no sum', 'has no sum', `${histogram}${bucket('+Inf', 2)}h_count 2\n`],
  ])('refuses %s', (_what, problem, text) => {
    expect(() => parseMetrics(text)).toThrow(problem);
  });
});

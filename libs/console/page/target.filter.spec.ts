import { matcherOf } from './target.filter.js';

describe('the filter of the events', () => {
  it.each([
    ['', 'anything', true],
    ['created', 'orders:17:created', true],
    ['CREATED', 'orders:17:created', true],
    ['paid', 'orders:17:created', false],
    ['a.b', 'axb', false],
    ['orders:*', 'orders:17:created', true],
    ['orders:*', 'old-orders:17', false],
    ['*created', 'orders:17:created', true],
    ['orders:??:created', 'orders:17:created', true],
    ['orders:??:created', 'orders:7:created', false],
    ['orders:[0-9]', 'orders:7', true],
    ['orders:[^0-9]', 'orders:7', false],
    [String.raw`\*`, '*', true],
    [String.raw`\*`, 'x', false],
    ['(a+)+*', '(a+)+b', true],
    ['line\n*', 'line\nbreak', true],
  ])('%j shows %j: %s', (text, channel, isShown) => {
    expect(matcherOf(text)(channel)).toBe(isShown);
  });

  it.each(['[', '[a', 'orders:[z-a]', '[]', '\\', '[^', '{*}', 'é*'])(
    '%j is no error while it is typed',
    (text) => {
      expect(() => matcherOf(text)('orders:1')).not.toThrow();
    },
  );
});

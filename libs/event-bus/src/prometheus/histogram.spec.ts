import { Histogram } from './histogram.js';

describe('Histogram', () => {
  it('counts in each bucket all that is not above its bound', () => {
    const histogram = new Histogram([0.01, 0.1]);
    for (const ms of [0, 10, 10.1, 100, 5_000]) histogram.record(ms);
    expect(histogram.lines()).toEqual([
      { suffix: '_bucket', le: 0.01, value: 2 },
      { suffix: '_bucket', le: 0.1, value: 4 },
      { suffix: '_bucket', le: '+Inf', value: 5 },
      { suffix: '_sum', value: 5.1201 },
      { suffix: '_count', value: 5 },
    ]);
  });
});

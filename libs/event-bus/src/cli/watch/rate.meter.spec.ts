import { report } from '../../../../../test/support/report.samples.js';
import { RateMeter } from './rate.meter.js';

const at = (atMs: number, published: number) =>
  report({ atMs, counters: { ...report().counters, published, handled: 2 * published } });

function ratesOf(...reports: readonly ReturnType<typeof at>[]) {
  const meter = new RateMeter();
  for (const each of reports) meter.take(each);
  return meter.rates;
}

describe('the rates of an instance', () => {
  it('are the difference of two reports, by the second', () => {
    expect(ratesOf(at(0, 10), at(2_000, 30))).toEqual({ publishedPerSecond: 10, handledPerSecond: 20 });
  });

  it('are not known from one report', () => {
    expect(ratesOf(at(0, 10))).toBeUndefined();
  });

  it('leave out a report that comes at once', () => {
    expect(ratesOf(at(0, 10), at(1, 11), at(1_000, 20))).toMatchObject({ publishedPerSecond: 10 });
  });

  it.each([
    ['the clock of the instance was set back', at(-5_000, 20)],
    ['its numbers went back', at(1_000, 3)],
  ])('are not known when %s, until the next report', (_what, odd) => {
    expect(ratesOf(at(-2_000, 5), at(0, 10), odd)).toBeUndefined();
    expect(ratesOf(at(0, 10), odd, at(odd.atMs + 1_000, odd.counters.published + 7))).toMatchObject({
      publishedPerSecond: 7,
    });
  });
});

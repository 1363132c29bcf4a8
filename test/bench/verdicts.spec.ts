import { verdictsOf, type TargetData } from '../../bench/report/verdicts.mjs';

const target: TargetData = { trial: 'P3', figure: 'cpuUs', atMost: { raw: 1.2 } };

function trial(
  raw: readonly number[],
  bus: readonly number[],
  others: Record<string, readonly number[]> = {},
) {
  const entries = Object.entries({ raw, 'event-bus': bus, ...others });
  return [
    {
      id: 'P3',
      entries: entries.map(([name, values]) => ({ name, rounds: values.map((cpuUs) => ({ cpuUs })) })),
    },
  ];
}

describe('verdictsOf', () => {
  it('compares each round with the same round of the other, and takes the median', () => {
    // Of the medians of both the ratio would be 6.
    const [verdict] = verdictsOf([target], trial([1, 10, 100], [1.1, 60, 110]));
    expect(verdict!.measured).toBeCloseTo(1.1);
    expect(verdict!.isMet).toBe(true);
  });

  it.each([
    [{ atMost: { raw: 1.2 } }, 12, true],
    [{ atMost: { raw: 1.2 } }, 13, false],
    [{ atMost: {}, atLeast: { raw: 5 } }, 50, true],
    [{ atMost: {}, atLeast: { raw: 5 } }, 49, false],
    [{ atMost: { raw: 3 }, by: 'difference' as const }, 13, true],
    [{ atMost: { raw: 3 }, by: 'difference' as const }, 14, false],
  ])('judges %j with %d against 10', (changes, bus, isMet) => {
    expect(verdictsOf([{ ...target, ...changes }], trial([10], [bus]))).toMatchObject([{ isMet }]);
  });

  it('judges a target against each contender that it names', () => {
    const against = { ...target, atMost: { raw: 0.7, 'node-redis': 1 } };
    expect(verdictsOf([against], trial([10], [6], { 'node-redis': [5] }))).toMatchObject([
      { against: 'raw', limit: 0.7, measured: 0.6, isMet: true },
      { against: 'node-redis', limit: 1, measured: 1.2, isMet: false },
    ]);
  });

  it('takes what the same code came to twice for the limit, in whichever direction, where that is the noise', () => {
    const noise = { ...target, atMost: { raw: 'noise' as const } };
    const verdict = (bus: number) =>
      verdictsOf([noise], trial([10, 10, 10], [bus, bus, bus], { 'raw again': [8, 15, 10] }))[0];
    expect(verdict(12)).toMatchObject({ limit: 1.25, isNoise: true, noise: 1, isMet: true });
    expect(verdict(13)).toMatchObject({ isMet: false });
  });

  it('judges nothing by the noise where raw was measured once', () => {
    expect(verdictsOf([{ ...target, atMost: { raw: 'noise' } }], trial([10], [10]))).toEqual([]);
  });

  it('judges nothing that was skipped, and tells why', () => {
    const verdicts = verdictsOf([target], [{ id: 'P3', skipped: 'no frames', entries: [] }]);
    expect(verdicts).toMatchObject([{ trial: 'P3', against: 'raw', limit: 1.2, skipped: 'no frames' }]);
    expect(verdicts[0]).not.toHaveProperty('isMet');
  });

  it('leaves out what was not measured', () => {
    expect(verdictsOf([target, { ...target, atMost: { nest: 1 } }], trial([1], [1]))).toHaveLength(1);
    expect(verdictsOf([{ ...target, trial: 'P4' }], trial([1], [1]))).toEqual([]);
  });
});

import { verdictsOf, type TargetData } from '../../bench/report/verdicts.mjs';

const target: TargetData = { trial: 'P3', against: 'raw', figure: 'cpuUs', limit: 1.2 };

function trial(raw: readonly number[], bus: readonly number[]) {
  const rounds = (values: readonly number[]) => values.map((cpuUs) => ({ cpuUs }));
  return [
    {
      id: 'P3',
      entries: [
        { name: 'raw', rounds: rounds(raw) },
        { name: 'event-bus', rounds: rounds(bus) },
      ],
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
    [{ limit: 1.2 }, 12, true],
    [{ limit: 1.2 }, 13, false],
    [{ limit: 5, atLeast: true }, 50, true],
    [{ limit: 5, atLeast: true }, 49, false],
    [{ limit: 3, by: 'difference' as const }, 13, true],
    [{ limit: 3, by: 'difference' as const }, 14, false],
  ])('judges %j with %d against 10', (changes, bus, isMet) => {
    expect(verdictsOf([{ ...target, ...changes }], trial([10], [bus]))).toMatchObject([{ isMet }]);
  });

  it('judges nothing that was skipped, and tells why', () => {
    const verdicts = verdictsOf([target], [{ id: 'P3', skipped: 'no frames', entries: [] }]);
    expect(verdicts).toEqual([{ target, skipped: 'no frames' }]);
  });

  it('leaves out what was not measured', () => {
    expect(verdictsOf([target, { ...target, against: 'nest' }], trial([1], [1]))).toHaveLength(1);
    expect(verdictsOf([{ ...target, trial: 'P4' }], trial([1], [1]))).toEqual([]);
  });
});

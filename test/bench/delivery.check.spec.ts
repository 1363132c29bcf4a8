import { deliveryProblems, expectedTally } from '../../bench/check/delivery.check.mjs';

describe('deliveryProblems', () => {
  const expected = [
    expectedTally({ events: 10, channels: 3 }),
    expectedTally({ events: 10, channels: 3, channel: 1 }),
  ];

  it('finds nothing where each handler has seen each of its events once', () => {
    expect(expected.map(({ count }) => count)).toEqual([10, 3]);
    expect(deliveryProblems('raw', expected, structuredClone(expected))).toEqual([]);
  });

  it.each([
    ['dropped', 9],
    ['delivered twice', 11],
  ])('finds an event that was %s', (_, count) => {
    const seen = [{ ...expected[0]!, count }, expected[1]!];
    expect(deliveryProblems('raw', expected, seen)).toEqual([
      `raw, handler 1 of 2: saw ${count} events of 10.`,
    ]);
  });

  it('finds an event that came in the place of another', () => {
    const { count, sum } = expected[1]!;
    expect(deliveryProblems('raw', expected, [expected[0]!, { count, sum: sum + 1 }])).toEqual([
      `raw, handler 2 of 2: the sum over its events is ${sum + 1}, not ${sum}.`,
    ]);
  });

  it('finds a handler that nobody has asked', () => {
    expect(deliveryProblems('raw', expected, expected.slice(1))).toHaveLength(1);
  });
});

import { comparisonOf, type Run } from '../../bench/report/comparison.mjs';
import { comparisonText } from '../../bench/report/comparison.text.mjs';

interface Options {
  readonly inFlight?: number;
  readonly versions?: Run['versions'];
  readonly id?: string;
}

function run(raw: readonly number[], bus: readonly number[], options: Options = {}): Run {
  const { inFlight = 200, versions = { ioredis: '6.0.0' }, id = 'P1' } = options;
  const rounds = (values: readonly number[]) =>
    values.map((cpuUs) => ({ cpuUs, perSecond: 1e6 / cpuUs, serverUs: 1 }));
  return {
    versions,
    trials: [
      {
        id,
        title: 'publish',
        options: { kind: 'publish', settings: { inFlight } },
        entries: [
          { name: 'raw', rounds: rounds(raw) },
          { name: 'event-bus', rounds: rounds(bus) },
        ],
      },
    ],
  };
}

describe('comparisonOf', () => {
  it('puts CPU, events per second and the ratio to raw of both runs side by side', () => {
    const { versions, trials } = comparisonOf(run([10, 10, 10], [5, 5, 5]), run([20, 20, 20], [5, 5, 5]));
    expect(versions).toEqual([]);
    expect(trials).toMatchObject([{ id: 'P1', options: [], figures: ['cpuUs', 'perSecond'] }]);
    const [raw, bus] = trials[0]!.rows!;
    expect(raw).toMatchObject({ name: 'raw', figures: [{ before: 10, after: 20 }, {}], ratio: {} });
    expect(bus!.ratio).toEqual({ before: 0.5, after: 0.25 });
    expect(bus!.figures).toEqual([
      { before: 5, after: 5 },
      { before: 200_000, after: 200_000 },
    ]);
  });

  it('says what was set differently, and which versions were others', () => {
    const before = run([10], [5], { inFlight: 100, versions: { ioredis: '5.0.0' } });
    const { versions, trials } = comparisonOf(before, run([10], [5]));
    expect(versions).toEqual(['ioredis "5.0.0" → "6.0.0"']);
    expect(trials[0]!.options).toEqual(['settings.inFlight 100 → 200']);
  });

  it('has nothing to compare where a case was not measured then, or was skipped', () => {
    expect(comparisonOf(run([10], [5], { id: 'P2' }), run([10], [5])).trials).toMatchObject([
      { id: 'P1', missing: 'it was not measured then' },
    ]);
    const skipped: Run = {
      versions: {},
      trials: [{ id: 'P1', title: 'publish', skipped: 'no frames', entries: [] }],
    };
    expect(comparisonOf(skipped, run([10], [5])).trials).toMatchObject([{ missing: 'skipped: no frames' }]);
  });

  it('leaves a gap where a contender is new', () => {
    const before = run([10], [5]);
    const [trial] = before.trials;
    const raw = { ...before, trials: [{ ...trial!, entries: trial!.entries.slice(0, 1) }] };
    const [, bus] = comparisonOf(raw, run([10], [5])).trials[0]!.rows!;
    expect(bus!.ratio).toEqual({ before: undefined, after: 0.5 });
  });
});

describe('comparisonText', () => {
  it('writes a table for each case, with the change of the ratio in percent', () => {
    const before = run([10, 10], [5, 5], { inFlight: 100 });
    const text = comparisonText(comparisonOf(before, run([20, 20], [5, 5])), 'before.json');
    expect(text.split('\n')).toEqual([
      'Compared with before.json: before → after, medians. The change is that of the ratio to raw.',
      '',
      'P1: publish',
      '',
      'Options differ: settings.inFlight 100 → 200.',
      '| contender |        CPU µs |          events/s |       × raw | change |',
      '| --------- | ------------: | ----------------: | ----------: | -----: |',
      '| raw       | 10.00 → 20.00 |  100,000 → 50,000 |             |        |',
      '| event-bus |   5.00 → 5.00 | 200,000 → 200,000 | 0.50 → 0.25 |  −50 % |',
    ]);
  });
});

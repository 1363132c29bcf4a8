import { CASES } from '../../bench/cases/cases.mjs';
import { FIGURES } from '../../bench/report/figures.mjs';
import { TARGETS } from '../../bench/targets.mjs';

const trials = [...CASES.values()].flat();

describe('the targets of the bench', () => {
  it.each(TARGETS.map((target) => [`${target.trial}, ${target.figure}`, target] as const))(
    '%s: names a trial, a figure and contenders that there are',
    (_, { trial: id, entry = 'event-bus', figure, atMost, atLeast }) => {
      const names = trials.find((trial) => trial.id === id)?.entries.map(({ name }) => name);
      const rivals = Object.keys({ ...atMost, ...atLeast });
      expect(rivals).not.toEqual([]);
      expect(names).toEqual(expect.arrayContaining([entry, ...rivals]));
      expect(Object.keys(FIGURES)).toContain(figure);
    },
  );

  it('compare by the noise where raw is measured twice', () => {
    const byNoise = TARGETS.filter(({ atMost }) => Object.values(atMost ?? {}).includes('noise'));
    expect(byNoise).not.toEqual([]);
    for (const target of byNoise) {
      const names = trials.find(({ id }) => id === target.trial)!.entries.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['raw', 'raw again']));
    }
  });
});

describe('the cases of the bench', () => {
  const receiving = trials.filter(({ kind }) => kind === 'receive' || kind === 'latency');

  it.each(receiving.map((trial) => [trial.id, trial] as const))(
    '%s: receives with node-redis too',
    (_, trial) => {
      expect(trial.entries.filter(({ contender }) => contender.startsWith('node-redis'))).not.toEqual([]);
    },
  );
});

import { takeTurns } from '../../bench/trials/turns.mjs';

const ONE_ROUND = { rounds: 1, turnMs: 0, warmUpMs: 0 };

describe('takeTurns', () => {
  const turns: string[] = [];
  beforeEach(() => void turns.splice(0));

  /** Becomes slower by one with each turn that anyone takes. */
  function contender(name: string, cpuUs: number) {
    return {
      round: () => {
        turns.push(name);
        return Promise.resolve({ cpuUs: cpuUs + turns.length });
      },
    };
  }

  it('lets contenders take turns there and back, so that none suffers more from what slows the machine down', async () => {
    const figures: unknown[] = [];
    const contenders = [contender('a', 10), contender('b', 10), contender('c', 10)];
    await takeTurns(contenders, ONE_ROUND, (index, { cpuUs }) => figures.push([index, cpuUs]));
    expect(turns.join('')).toBe('abccba');
    expect(figures).toEqual([
      [0, 13.5],
      [1, 13.5],
      [2, 13.5],
    ]);
  });

  it('warms each process up before it counts, and gives all turns the same number of events', async () => {
    const events: number[] = [];
    const counted: number[] = [];
    const round = (count: number) => {
      events.push(count);
      return Promise.resolve({ cpuUs: 1 });
    };
    await takeTurns([{ round }], { rounds: 2, turnMs: 1, warmUpMs: 1 }, () => counted.push(events.length));
    expect(counted[0]!).toBeGreaterThan(2);
    expect(counted[1]! - counted[0]!).toBe(2);
    expect(new Set(events.slice(-4)).size).toBe(1);
  });

  it('warms nothing up that begins anew each round', async () => {
    const booting = { ...contender('a', 10), isBegunAnew: true };
    await takeTurns([booting], { rounds: 1, turnMs: 1, warmUpMs: 60_000 }, () => undefined);
    expect(turns).toHaveLength(2);
  });
});

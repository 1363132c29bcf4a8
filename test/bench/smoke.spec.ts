import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { NodeProcess } from '../e2e/support/node.process.js';

jest.setTimeout(240_000);

interface Report {
  readonly versions: Readonly<Record<string, string | number>>;
  readonly trials: readonly {
    readonly id: string;
    readonly skipped?: string;
    readonly entries: readonly {
      readonly name: string;
      readonly rounds: readonly Record<string, number>[];
    }[];
  }[];
}

const CASES = 'P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 targets protocol roads local observed reporting console'.split(
  ' ',
);

describe('npm run bench -- --smoke', () => {
  let bench: NodeProcess | undefined;
  afterEach(() => bench?.stop());

  it('runs every case, and every contender delivers each event once', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bench-'));
    try {
      const file = join(directory, 'bench.json');
      bench = NodeProcess.start('bench/bench.mjs', {}, ['--smoke', '--json', file]);
      expect({ ...(await bench.exited), output: bench.output }).toMatchObject({ code: 0 });
      const { versions, trials } = JSON.parse(await readFile(file, 'utf8')) as Report;
      const names = new Set(trials.map(({ id }) => id.split(' ')[0]));
      expect([...names]).toEqual(CASES);
      for (const { id, skipped, entries } of trials) {
        const figures = entries.flatMap(({ rounds }) => rounds).flatMap((round) => Object.values(round));
        expect({ id, isMeasured: skipped !== undefined || figures.length > 0 }).toEqual({
          id,
          isMeasured: true,
        });
        expect({ id, broken: figures.filter((figure) => !Number.isFinite(figure)) }).toEqual({
          id,
          broken: [],
        });
      }
      expect(versions).toMatchObject({ ioredis: expect.stringMatching(/^6\./), cores: expect.any(Number) });
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

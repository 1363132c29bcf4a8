import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import { documentedFiles, walkFigures, walkProblems } from '../../scripts/walk.figures.mjs';

jest.setTimeout(120_000);

/** Lower them when the code allows it. Three of the files read a received message, which ioredis would do otherwise. */
const LIMITS = { files: 23, moves: 28, movesBack: 6 };

const SCRIPT = join(import.meta.dirname, '../../scripts/trace-walk.mjs');

interface Walk {
  readonly files: readonly string[];
  readonly moves: number;
  readonly movesBack: number;
  readonly problems: readonly string[];
}

async function trace(): Promise<Walk> {
  const run = promisify(execFile)(process.execPath, [SCRIPT, '--json'], { timeout: 60_000 });
  const { stdout } = await run.catch((error: Error & { readonly stdout: string }) => {
    // It says by its exit code that something is wrong, and what by its figures.
    if (error.stdout === '') throw error;
    return error;
  });
  return JSON.parse(stdout) as Walk;
}

describe('the walk of one event', () => {
  it('enters few files, seldom goes back, and takes the way that docs/architecture.md shows', async () => {
    const { files, moves, movesBack, problems } = await trace();
    expect(problems).toEqual([]);
    expect(files[0]).toBe('publishing/event-bus.publisher.ts');
    expect(files.length).toBeLessThanOrEqual(LIMITS.files);
    expect(moves).toBeLessThanOrEqual(LIMITS.moves);
    expect(movesBack).toBeLessThanOrEqual(LIMITS.movesBack);
  });
});

describe('the figures of a walk', () => {
  it('count a step in the same file as none, and one into a file left before as a move back', () => {
    expect(walkFigures(['a', 'a', 'b', 'a', 'c', 'c', 'b'])).toEqual({
      files: ['a', 'b', 'c'],
      moves: 4,
      movesBack: 2,
    });
  });

  it('are nothing for no steps', () => {
    expect(walkFigures([])).toEqual({ files: [], moves: 0, movesBack: 0 });
  });
});

describe('the documented walk', () => {
  const page = [
    '# Architecture',
    '1. `not.here.ts`',
    '## The walk of one event',
    '1. **Check** (`a.ts`): with `also.ts`.',
    'Between them `neither.ts`.',
    '2. Send, in `b/c.ts`.',
    '## Words',
    '3. `nor.there.ts`',
  ].join('\n');

  it('is the first file of each step', () => {
    expect(documentedFiles(page)).toEqual(['a.ts', 'b/c.ts']);
  });

  it.each<[string, readonly string[], readonly string[], readonly string[]]>([
    ['the order of the steps', ['a', 'b'], ['a', 'x', 'b', 'a'], []],
    ['a file that nothing happens in', ['a', 'b'], ['a'], ['no step of the walk happens in b']],
    ['another order', ['a', 'b'], ['b', 'a'], ['b is not entered after a']],
    ['no steps', [], ['a'], ['has no steps']],
  ])('is compared with the real one: %s', (_, documented, steps, problems) => {
    expect(walkProblems(documented, steps)).toEqual(problems.map((text) => expect.stringContaining(text)));
  });

  it('names at most 12 files', () => {
    const files = Array.from({ length: 13 }, (_, index) => `${index}.ts`);
    expect(walkProblems(files, files)).toEqual([expect.stringContaining('13 files')]);
  });
});

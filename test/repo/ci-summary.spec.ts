import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SCRIPT = join(import.meta.dirname, '../../scripts/ci-summary.mjs');
const passed = { name: 'adds', status: 'passed' };
const failed = { name: 'subtracts', status: 'failed' };
const skipped = { name: 'divides', status: 'pending' };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ci-summary-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What the summary of reports and failed steps prints last, and its exit code. */
function summary(reports: Readonly<Record<string, readonly object[]>>, ...failedSteps: string[]) {
  for (const [step, files] of Object.entries(reports))
    writeFileSync(join(folder, `${step}.json`), JSON.stringify(files));
  const { stdout, status } = spawnSync(process.execPath, [SCRIPT, folder, ...failedSteps], {
    encoding: 'utf8',
  });
  return { status, last: stdout.trim().split('\n').at(-1) };
}

describe('the last line of .ci/run', () => {
  it('adds up the tests of all steps', () => {
    const files = [{ file: 'a.spec.ts', tests: [passed, passed, skipped] }];
    const expected = { status: 0, last: '4 passed, 0 failed, 2 skipped' };
    expect(summary({ tests: files, matrix: files })).toEqual(expected);
  });

  it('counts a step that failed by its tests once, by these', () => {
    const tests = [{ file: 'a.spec.ts', tests: [passed, failed] }];
    expect(summary({ tests }, 'tests')).toEqual({ status: 1, last: '1 passed, 1 failed' });
  });

  it('counts a file that passed its tests and left something behind', () => {
    const tests = [{ file: 'a.spec.ts', tests: [passed], problem: 'a.spec.ts leaves behind …' }];
    expect(summary({ tests }, 'tests')).toEqual({ status: 1, last: '1 passed, 1 failed' });
  });

  it('counts a step that failed though its tests passed, as one that did not end', () => {
    const tests = [{ file: 'a.spec.ts', tests: [passed] }];
    expect(summary({ tests }, 'tests')).toEqual({ status: 1, last: '1 passed, 1 failed' });
  });

  it('counts a step that was ended before it had a report', () => {
    const tests = [{ file: 'a.spec.ts', tests: [passed] }];
    expect(summary({ tests }, 'matrix')).toEqual({ status: 1, last: '1 passed, 1 failed' });
  });

  it('fails when no test was run', () => {
    expect(summary({})).toEqual({ status: 1, last: '0 passed, 1 failed' });
  });
});

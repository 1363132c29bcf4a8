// Runs the fault suite and prints its matrix; fails when a promise is broken, a control does not bite or a row is missing.
// --from DIR: no run, the matrix of an earlier one, whose FAULTS_OUT was DIR. --write: renews docs/reliability.md.
// TEST_REPORT=FILE: what became of each spec file goes there.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { FaultMatrix } from './fault.matrix.mjs';

const ROOT = join(import.meta.dirname, '..');
const PAGE = join(ROOT, 'docs/reliability.md');
const MARKED = /(<!-- matrix -->\n)[\s\S]*?(<!-- \/matrix -->)/;

const { values } = parseArgs({
  options: { from: { type: 'string' }, write: { type: 'boolean' } },
});

const { matrix, failed } = values.from === undefined ? runSuite() : readRun(values.from);
if (matrix.records.length > 0) console.log(matrix.toText());
for (const problem of matrix.problems) console.error(problem);
console.log(`faults: ${matrix.totals}.`);
if (failed || matrix.problems.length > 0) process.exitCode = 1;
if (values.write) await writePage();

function runSuite() {
  const kept = process.env.FAULTS_OUT;
  const directory = kept ?? mkdtempSync(join(tmpdir(), 'faults-'));
  mkdirSync(directory, { recursive: true });
  try {
    const options = ['--selectProjects', 'faults', 'faults-ioredis5', '--maxWorkers=2', '--watchman=false'];
    const { status } = spawnSync('npm', ['run', '--silent', 'jest', '--', ...options], {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, FAULTS_OUT: directory },
    });
    return { matrix: FaultMatrix.read(directory), failed: status !== 0 };
  } finally {
    if (kept === undefined) rmSync(directory, { recursive: true, force: true });
  }
}

function readRun(directory) {
  if (existsSync(directory)) return { matrix: FaultMatrix.read(directory), failed: false };
  console.error(`${directory} does not exist: run the tests with FAULTS_OUT=${directory} first.`);
  return { matrix: new FaultMatrix([]), failed: true };
}

async function writePage() {
  if (process.exitCode !== undefined) {
    console.error('docs/reliability.md is left as it was.');
    return;
  }
  const page = readFileSync(PAGE, 'utf8').replace(MARKED, `$1\n${matrix.toMarkdown()}\n\n$2`);
  writeFileSync(PAGE, await format(page, { ...(await resolveConfig(PAGE)), filepath: PAGE }));
}

// Prints what was skipped, what failed, and the last line of .ci/run: "N passed, M failed".
// Arguments: the folder of the tests' reports (see test/support/report.reporter.mjs), each named after its step, then the
// names of the steps that failed.
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

const [folder, ...failedSteps] = process.argv.slice(2);
const reports = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({
    step: basename(name, '.json'),
    files: JSON.parse(readFileSync(join(folder, name), 'utf8')),
  }));
const files = reports.flatMap((report) => report.files);

const tests = files.flatMap(({ file, tests }) => tests.map((test) => ({ ...test, file })));
const passed = tests.filter(({ status }) => status === 'passed');
const failed = tests.filter(({ status }) => status === 'failed');
const skipped = tests.filter((test) => !passed.includes(test) && !failed.includes(test));
// It could not be loaded, or left something behind: a failure besides those of its tests.
const broken = files.filter(({ problem }) => problem !== undefined);

for (const { file, name } of skipped) console.log(`skipped  ${file}: ${name}`);
for (const { file, name } of failed) console.log(`failed   ${file}: ${name}`);
for (const { file, problem } of broken) console.log(`failed   ${file}: ${problem}`);

const failedTests = failed.length + broken.length;
// A step of tests has failed already in its tests; without any it stands for itself (coverage, no report, no end).
const failedInTests = reports
  .filter((report) =>
    report.files.some(
      ({ problem, tests }) => problem !== undefined || tests.some(({ status }) => status === 'failed'),
    ),
  )
  .map(({ step }) => step);
const steps = failedSteps.filter((step) => !failedInTests.includes(step));
if (tests.length === 0 && failedSteps.length === 0) steps.push('tests (none was run)');
for (const step of steps) console.log(`failed   step ${step}`);

const failures = failedTests + steps.length;
const suffix = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
console.log(`${passed.length} passed, ${failures} failed${suffix}`);
process.exitCode = failures === 0 ? 0 : 1;

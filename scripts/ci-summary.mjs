// Prints what was skipped, what failed, and the last line of .ci/run: "N passed, M failed".
// Arguments: the folder of Jest's JSON reports, each named after its step, then the names of the steps that failed.
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join, relative } from 'node:path';

const [folder, ...failedSteps] = process.argv.slice(2);
const reports = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({
    step: basename(name, '.json'),
    ...JSON.parse(readFileSync(join(folder, name), 'utf8')),
  }));
const testResults = reports.flatMap((report) => report.testResults);

const tests = testResults.flatMap(({ name, assertionResults }) =>
  assertionResults.map(({ fullName, status }) => ({ file: relative('', name), fullName, status })),
);
const passed = tests.filter(({ status }) => status === 'passed');
const failed = tests.filter(({ status }) => status === 'failed');
const skipped = tests.filter((test) => !passed.includes(test) && !failed.includes(test));
// A file that could not be loaded fails without a test of its own.
const isBroken = ({ status, assertionResults }) =>
  status === 'failed' && !assertionResults.some((test) => test.status === 'failed');
const broken = testResults.filter(isBroken);

for (const { file, fullName } of skipped) console.log(`skipped  ${file}: ${fullName}`);
for (const { file, fullName } of failed) console.log(`failed   ${file}: ${fullName}`);
for (const { name } of broken) console.log(`failed   ${relative('', name)}: could not be run`);

const failedTests = failed.length + broken.length;
// A step of tests has failed already in its tests; without any it stands for itself (coverage, or no report).
const failedInTests = reports
  .filter((report) => report.testResults.some(({ status }) => status === 'failed'))
  .map(({ step }) => step);
const steps = failedSteps.filter((step) => !failedInTests.includes(step));
if (tests.length === 0 && failedSteps.length === 0) steps.push('tests (none was run)');
for (const step of steps) console.log(`failed   step ${step}`);

const failures = failedTests + steps.length;
const suffix = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
console.log(`${passed.length} passed, ${failures} failed${suffix}`);
process.exitCode = failures === 0 ? 0 : 1;

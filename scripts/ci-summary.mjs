// Prints what was skipped, what failed, and the last line of .ci/run: "N passed, M failed".
// Arguments: Jest's JSON report, then the names of the steps that failed.
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

const [reportFile, ...failedSteps] = process.argv.slice(2);
const report = existsSync(reportFile) ? JSON.parse(readFileSync(reportFile, 'utf8')) : { testResults: [] };

const tests = report.testResults.flatMap(({ name, assertionResults }) =>
  assertionResults.map(({ fullName, status }) => ({ file: relative('', name), fullName, status })),
);
const passed = tests.filter(({ status }) => status === 'passed');
const failed = tests.filter(({ status }) => status === 'failed');
const skipped = tests.filter((test) => !passed.includes(test) && !failed.includes(test));
// A file that could not be loaded fails without a test of its own.
const broken = report.testResults.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
);

for (const { file, fullName } of skipped) console.log(`skipped  ${file}: ${fullName}`);
for (const { file, fullName } of failed) console.log(`failed   ${file}: ${fullName}`);
for (const { name } of broken) console.log(`failed   ${relative('', name)}: could not be run`);

const failedTests = failed.length + broken.length;
// The step of the tests has failed already in its tests; without any it stands for itself (coverage, or no report).
const steps = failedSteps.filter((step) => step !== 'tests' || failedTests === 0);
if (tests.length === 0 && failedSteps.length === 0) steps.push('tests (none was run)');
for (const step of steps) console.log(`failed   step ${step}`);

const failures = failedTests + steps.length;
const suffix = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
console.log(`${passed.length} passed, ${failures} failed${suffix}`);
process.exitCode = failures === 0 ? 0 : 1;

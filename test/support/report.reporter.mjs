import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';

/** Writes what became of each spec file to the path in TEST_REPORT, for scripts/ci-summary.mjs. Without it, nothing. */
export default class ReportReporter {
  constructor({ rootDir }) {
    this.rootDir = rootDir;
    this.path = process.env.TEST_REPORT;
  }

  onRunComplete(_contexts, { testResults }) {
    if (this.path === undefined) return;
    const files = testResults.map(({ testFilePath, displayName, testResults: tests, testExecError }) => ({
      file: relative(this.rootDir, testFilePath),
      project: displayName?.name,
      tests: tests.map(({ fullName, status }) => ({ name: fullName, status })),
      // It could not be loaded, or left something behind.
      problem: testExecError ? firstLineOf(testExecError) : undefined,
    }));
    mkdirSync(dirname(this.path), { recursive: true });
    writeFileSync(this.path, JSON.stringify(files));
  }
}

function firstLineOf({ message, stack }) {
  const text = message || stack || 'could not be run';
  return text.split('\n', 1)[0];
}

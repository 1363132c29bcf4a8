import { mkdirSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, relative } from 'node:path';

/**
 * Writes what became of each spec file to the path in TEST_REPORT, for scripts/ci-summary.mjs. Without it, nothing.
 * A run that is ended from outside says which files it was at: one that computes without end cannot say so itself.
 */
export default class ReportReporter {
  constructor({ rootDir }) {
    this.rootDir = rootDir;
    this.path = process.env.TEST_REPORT;
    /** The time at which each file began. */
    this.running = new Map();
    this.onTerm = () => this.stop();
  }

  onRunStart() {
    process.once('SIGTERM', this.onTerm);
  }

  onTestFileStart({ path }) {
    this.running.set(path, performance.now());
  }

  onTestFileResult({ path }) {
    this.running.delete(path);
  }

  stop() {
    const lines = [...this.running].map(
      ([path, startedAt]) =>
        `- ${relative(this.rootDir, path)} for ${Math.round((performance.now() - startedAt) / 1_000)} s`,
    );
    writeSync(2, ['\nStopped from outside. Still running:', ...lines, ''].join('\n'));
    process.exit(143);
  }

  onRunComplete(_contexts, { testResults }) {
    process.off('SIGTERM', this.onTerm);
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

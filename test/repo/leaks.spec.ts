import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { guardChild } from '../support/child.guard.js';

jest.setTimeout(180_000);

const ROOT = join(import.meta.dirname, '../..');

interface FileReport {
  readonly file: string;
  readonly tests: readonly { readonly status: string }[];
  readonly problem?: string;
}

interface Run {
  readonly code: number | null;
  readonly output: string;
  /** By the name of the file: the status of each test, and what else is wrong. */
  readonly files: Readonly<Record<string, readonly (string | undefined)[]>>;
}

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leaks-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** Runs some of leaks/*.leak.ts with the configuration of the repository. */
async function runJest(names: readonly string[], ...args: string[]): Promise<Run> {
  const { default: config } = (await import(join(ROOT, 'jest.config.mjs'))) as {
    default: { projects: object[] };
  };
  const testMatch = names.map((name) => `<rootDir>/test/repo/leaks/${name}.leak.ts`);
  const project = { ...config.projects[0], displayName: 'leaks', rootDir: ROOT, testMatch };
  const report = join(directory, 'report.json');
  const child = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      join(ROOT, 'node_modules/jest/bin/jest.js'),
      '--config',
      JSON.stringify({ ...config, rootDir: ROOT, projects: [project] }),
      '--watchman=false',
      ...args,
    ],
    {
      cwd: ROOT,
      env: { ...process.env, TEST_REPORT: report, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  child.once('exit', guardChild(child.pid!));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  const reports = JSON.parse(await readFile(report, 'utf8')) as FileReport[];
  const files = reports.map(({ file, tests, problem }) => [
    file.replace(/^test\/repo\/leaks\/(.*)\.leak\.ts$/, '$1'),
    [...tests.map(({ status }) => status), problem],
  ]);
  return { code, output, files: Object.fromEntries(files) as Run['files'] };
}

const leftBy = (name: string, kinds: string) =>
  expect.stringMatching(
    new RegExp(`^test/repo/leaks/${name}\\.leak\\.ts leaves behind what keeps a process alive: .*${kinds}`),
  );

describe('a spec file', () => {
  it('fails by its name when it leaves something behind, and nobody else does', async () => {
    const { code, output, files } = await runJest([
      'socket',
      'server',
      'timer',
      'child-process',
      'bus',
      'nothing',
    ]);
    expect(files).toEqual({
      socket: ['passed', leftBy('socket', '1 × TCPSocketWrap')],
      server: ['passed', leftBy('server', '1 × TCPServerWrap')],
      timer: ['passed', leftBy('timer', '1 × Timeout')],
      'child-process': ['passed', leftBy('child-process', '1 × ProcessWrap')],
      bus: ['passed', leftBy('bus', '(TCP\\w+|Timeout)')],
      nothing: ['passed', 'passed', undefined],
    });
    expect(output).toMatch(/- socket from port \d+ to port \d+\n/);
    expect(output).toMatch(/- server on {"address":"127.0.0.1",.*}\n/);
    expect(output).toMatch(/- child process \d+: cat\n/);
    expect(code).toBe(1);
  });

  it('passes when it leaves nothing behind, and the run ends by itself', async () => {
    const { code, files } = await runJest(['nothing'], '--runInBand');
    expect({ code, files }).toEqual({ code: 0, files: { nothing: ['passed', 'passed', undefined] } });
  });
});

describe('a run whose process does not end', () => {
  it('is ended, fails, and says what keeps it', async () => {
    const { code, output } = await runJest(['timer'], '--runInBand');
    expect(output).toMatch(/and their process does not end: .*Timeout/);
    expect(code).toBe(1);
  });
});

// What the scripts that try the packed library in new applications share: the library as npm would publish it, folders, and a table.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** A packed package of the workspace, as npm describes it. `npm run build` comes first. */
export function packLibrary(folder, library = 'libs/event-bus') {
  const args = ['pack', join(root, library), '--pack-destination', folder, '--ignore-scripts', '--json'];
  const [packed] = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8' }));
  return {
    path: join(folder, packed.filename),
    bytes: packed.size,
    files: packed.files.map(({ path }) => path),
  };
}

/**
 * Asks the registry once, before anything is installed: npm alone would retry for minutes.
 *
 * @throws {Error} when it does not answer
 */
export function askRegistry() {
  const patience = ['--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-timeout=20000'];
  try {
    run('npm', ['view', '@nestjs/core', 'version', ...patience], { cwd: tmpdir(), timeoutMs: 60_000 });
  } catch (error) {
    throw new Error(
      `Cannot read @nestjs/core from the npm registry, from which this script installs applications:\n${error.message}`,
    );
  }
}

/** Calls with a new folder outside of the workspace, and removes it. */
export async function inTemporaryFolder(name, work) {
  const folder = mkdtempSync(join(tmpdir(), name));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** @param files contents by path; what is not a string is written as JSON */
export function writeFiles(folder, files) {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(
      join(folder, path),
      typeof content === 'string' ? content : JSON.stringify(content, null, 2),
    );
  }
}

/** Runs to the end. What it printed is in the message of the error where it fails. */
export function run(command, args, { cwd, env = process.env, timeoutMs = 300_000 }) {
  try {
    return execFileSync(command, args, {
      cwd,
      env,
      timeout: timeoutMs,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    throw new Error(
      [`${command} ${args.join(' ')}`, error.message, error.stdout, error.stderr].filter(Boolean).join('\n'),
    );
  }
}

/** A row of Markdown, printed at once: a run takes minutes. */
export function printRow(cells) {
  console.log(`| ${cells.join(' | ')} |`);
}

export function printHead(cells) {
  printRow(cells);
  printRow(cells.map(() => '---'));
}

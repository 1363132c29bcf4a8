import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readLines, spawnGuarded, stopProcess } from './guarded.process.mjs';
import { StartError } from './start.error.mjs';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const PROJECTS = [
  'libs/event-bus',
  'libs/shop-events',
  'libs/console',
  'apps/orders',
  'apps/notifications',
  'apps/console',
];

/** The projects whose `dist` is missing, or older than their sources. */
export function staleProjects() {
  return PROJECTS.filter((project) => {
    const builtAtMs = newest(join(ROOT, project, 'dist'));
    const changedAtMs = Math.max(newest(join(ROOT, project, 'src')), newest(join(ROOT, 'tsconfig.json')));
    return builtAtMs < changedAtMs;
  });
}

/**
 * Builds everything when something is stale.
 *
 * @param {{ write: (line: string) => void, signal: AbortSignal }} options
 * @throws {StartError} with the compiler's output
 */
export async function ensureBuilt({ write, signal }) {
  const stale = staleProjects();
  if (stale.length === 0) return;
  write(`Building, because of ${stale.join(', ')} …`);
  const nest = join(ROOT, 'node_modules/@nestjs/cli/bin/nest.js');
  const build = spawnGuarded(process.execPath, [nest, 'build', '--all'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = [];
  readLines(build, (line) => output.push(line));
  const stop = () => void stopProcess(build, 2_000);
  signal.addEventListener('abort', stop);
  const code = await new Promise((resolve) => build.once('close', resolve));
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (code !== 0)
    throw new StartError(`${output.join('\n')}\nThe build failed. Run \`npm ci\` if packages are missing.`);
}

/** The latest change below a path, in milliseconds since the epoch; of directories too, which tells of deleted files. */
function newest(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return 0;
  if (!stats.isDirectory()) return path.endsWith('.spec.ts') ? 0 : stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

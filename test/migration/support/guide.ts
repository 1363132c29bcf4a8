import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

/** The differences of two versions of an app, in the form in which a guide shows them. */
export function diffOf(app: string, before: string, after: string): string {
  const { stdout, stderr } = spawnSync(
    'git',
    ['diff', '--no-index', '--no-color', '--no-prefix', '--no-renames', '--unified=1', before, after],
    {
      cwd: join(root, 'test/migration', app),
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    },
  );
  if (stdout === '') throw new Error(`There is no diff of ${app}/${before} and ${app}/${after}. ${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => !/^(diff --git|index|new file mode|deleted file mode) /.test(line))
    .map((line) => line.replace(/^(@@ .* @@).*/, '$1').trimEnd())
    .join('\n')
    .trim();
}

/** All diffs that a guide shows, in its order; one block may hold several files. */
export function diffsIn(guide: string): string[] {
  const text = readFileSync(join(root, 'docs', guide), 'utf8');
  return [...text.matchAll(/^```diff\n(.*?)\n```$/gms)].map(([, diff]) => diff as string);
}

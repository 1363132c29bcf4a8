// npm run version-packages: raises versions and writes CHANGELOG.md from the changesets. For .github/workflows/release.yml.
import { execFileSync } from 'node:child_process';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const shown = join(root, 'CHANGELOG.md');
/** Changesets looks for it beside the package. */
const written = join(root, 'libs/event-bus/CHANGELOG.md');

renameSync(shown, written);
try {
  run('npx', 'changeset', 'version');
} finally {
  renameSync(written, shown);
}
run('npx', 'prettier', '--write', shown);
run('npm', 'install', '--package-lock-only', '--ignore-scripts');

function run(command, ...args) {
  execFileSync(command, args, { cwd: root, stdio: 'inherit' });
}

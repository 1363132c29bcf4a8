// npm run version-packages: raises versions and writes CHANGELOG.md from the changesets. For .github/workflows/release.yml.
import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const shown = join(root, 'CHANGELOG.md');
/** Changesets looks for it beside the package. */
const written = join(root, 'libs/event-bus/CHANGELOG.md');

// Changesets gives a package a new major version when one of its peers has a new minor version.
setPeer(undefined);
renameSync(shown, written);
try {
  run('npx', 'changeset', 'version');
} finally {
  renameSync(written, shown);
  setPeer(`^${manifestOf('event-bus').version}`);
}
run('npx', 'prettier', '--write', shown);
run('npm', 'install', '--package-lock-only', '--ignore-scripts');

/** Which versions of the library the console is for: those of the minor version that it is released with. */
function setPeer(range) {
  const manifest = manifestOf('console');
  const peers = Object.entries({ ...manifest.peerDependencies, 'nestjs-redis-event-bus': range });
  manifest.peerDependencies = Object.fromEntries(peers.sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(join(root, 'libs/console/package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

function manifestOf(library) {
  return JSON.parse(readFileSync(join(root, 'libs', library, 'package.json'), 'utf8'));
}

function run(command, ...args) {
  execFileSync(command, args, { cwd: root, stdio: 'inherit' });
}

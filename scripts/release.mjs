// npm run release: builds, checks and publishes the packages whose version is not on npm yet. For .github/workflows/release.yml, which
// runs it when the pull request "Version packages" is merged.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const repository = process.env.GITHUB_REPOSITORY;

if (!repository) {
  console.error(
    'GITHUB_REPOSITORY is not set: releases are made by the workflow "Release". See CONTRIBUTING.md.',
  );
  process.exit(1);
}

// Npm accepts a provenance only when the manifest names the repository that it was built from.
run(
  'npm',
  ['pkg', 'set', `repository.url=git+https://github.com/${repository}.git`, 'repository.type=git'],
  library(),
);
run('npm', ['pkg', 'set', 'repository.directory=libs/event-bus'], library());
run('npm', ['run', 'build']);
run('npm', ['run', 'check:package']);
run('npx', ['changeset', 'publish']);

function library() {
  return join(root, 'libs/event-bus');
}

function run(command, args, cwd = root) {
  execFileSync(command, args, { cwd, stdio: 'inherit' });
}

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
for (const directory of ['libs/event-bus', 'libs/console']) {
  const fields = {
    url: `git+https://github.com/${repository}.git`,
    type: 'git',
    directory,
  };
  const settings = Object.entries(fields).map(([name, value]) => `repository.${name}=${value}`);
  run('npm', ['pkg', 'set', ...settings], join(root, directory));
}
run('npm', ['run', 'build']);
run('npm', ['run', 'check:package']);
run('npx', ['changeset', 'publish']);

function run(command, args, cwd = root) {
  execFileSync(command, args, { cwd, stdio: 'inherit' });
}

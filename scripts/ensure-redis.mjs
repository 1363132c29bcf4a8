// Makes sure that redis-server can be run: installs it where that is possible without asking, says what to do elsewhere.
import { execFileSync, spawnSync } from 'node:child_process';

const PACKAGES = ['redis-server', 'redis-sentinel'];

if (!runs('redis-server', '--version')) {
  if (process.getuid?.() !== 0 || !runs('apt-get', '--version')) {
    fail(
      'redis-server is not on PATH: install Redis 7 or newer (Debian: apt-get install redis-server; macOS: brew install redis).',
    );
  }
  installByApt();
}

function installByApt() {
  console.log(`redis-server is not on PATH: installing ${PACKAGES.join(' and ')} by apt-get.`);
  const active = PACKAGES.filter(isActive);
  // Run level 1 keeps the packages from starting their services where there is no systemd.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  try {
    apt(env, 'update');
    apt(env, 'install', '--yes', '--no-install-recommends', ...PACKAGES);
  } catch (error) {
    fail(
      `apt-get could not install ${PACKAGES.join(' and ')}:\n${error.stdout ?? ''}${error.stderr ?? error.message}`,
    );
  }
  // The tests start their own servers; what was active before is not ours to stop.
  for (const service of PACKAGES) {
    if (!active.includes(service) && isActive(service))
      spawnSync('service', [service, 'stop'], { stdio: 'ignore' });
  }
  if (!runs('redis-server', '--version'))
    fail('redis-server was installed by apt-get and is still not on PATH.');
}

function apt(env, ...args) {
  execFileSync('apt-get', ['--quiet', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
}

function isActive(service) {
  return spawnSync('service', [service, 'status'], { stdio: 'ignore' }).status === 0;
}

function runs(command, ...args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

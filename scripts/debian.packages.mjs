import { execFileSync, spawnSync } from 'node:child_process';

/**
 * Makes sure that a command can be run: installs its Debian packages where that is possible without asking.
 *
 * @param {string} command
 * @param {object} options
 * @param {readonly string[]} options.packages are not left running, should they start a service
 * @param {string} options.elsewhere what to do where they cannot be installed
 * @throws {Error} with what to do
 */
export function ensureCommand(command, { packages, elsewhere }) {
  if (runs(command, '--version')) return;
  if (process.getuid?.() !== 0 || !runs('apt-get', '--version')) {
    throw new Error(`${command} is not on PATH: ${elsewhere}`);
  }
  console.log(`${command} is not on PATH: installing ${packages.join(' and ')} by apt-get.`);
  installByApt(packages);
  if (!runs(command, '--version'))
    throw new Error(`${command} was installed by apt-get and is still not on PATH.`);
}

function installByApt(packages) {
  const active = packages.filter(isActive);
  // Run level 1 keeps the packages from starting their services where there is no systemd.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  try {
    apt(env, 'update');
    apt(env, 'install', '--yes', '--no-install-recommends', ...packages);
  } catch (error) {
    const reason = `${error.stdout ?? ''}${error.stderr ?? error.message}`;
    throw new Error(`apt-get could not install ${packages.join(' and ')}:\n${reason}`, { cause: error });
  }
  // Scripts and tests start their own servers; what was active before is not ours to stop.
  for (const service of packages) {
    if (!active.includes(service) && isActive(service))
      spawnSync('service', [service, 'stop'], { stdio: 'ignore' });
  }
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

// Runs the soak: a random fault every 2 s, and the promises of the bus have to hold all the time.
// --minutes M (10): how long. --seed N (a random one): the same faults as in another run.
// TEST_REPORT=FILE: what became of the tests goes there.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = join(import.meta.dirname, '..');
/** Fewer faults may happen to harm nobody; for longer than two hours every event is too much to remember. */
const [MIN_MINUTES, MAX_MINUTES] = [0.5, 120];
const MAX_SEED = 2 ** 32 - 1;

try {
  const { minutes, seed } = readSettings();
  console.log(`soak: npm run soak -- --minutes ${minutes} --seed ${seed}`);
  const env = { ...process.env, SOAK_MINUTES: String(minutes), SOAK_SEED: String(seed) };
  const options = ['--selectProjects', 'soak', '--watchman=false'];
  const { status } = spawnSync('npm', ['run', '--silent', 'jest', '--', ...options], {
    cwd: ROOT,
    stdio: 'inherit',
    env,
  });
  process.exitCode = status ?? 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}

function readSettings() {
  const { values } = parseArgs({
    options: { minutes: { type: 'string' }, seed: { type: 'string' } },
  });
  const { minutes = '10', seed = String(randomInt(MAX_SEED + 1)) } = values;
  if (!/^\d+(\.\d+)?$/.test(minutes) || Number(minutes) < MIN_MINUTES || Number(minutes) > MAX_MINUTES) {
    throw new Error(
      `--minutes must be a number from ${MIN_MINUTES} to ${MAX_MINUTES}, not ${JSON.stringify(minutes)}: npm run soak -- --minutes 10`,
    );
  }
  if (!/^\d+$/.test(seed) || Number(seed) > MAX_SEED) {
    throw new Error(
      `--seed must be a whole number from 0 to ${MAX_SEED}, not ${JSON.stringify(seed)}: npm run soak -- --seed 1`,
    );
  }
  return { minutes: Number(minutes), seed: Number(seed) };
}

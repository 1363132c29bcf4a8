import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * Starts a child that does not outlive this process, however that ends: a shell waits on a pipe that only this process
 * holds, and kills the child when the pipe closes.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 */
export function spawnGuarded(command, args, options) {
  const child = spawn(command, args, options);
  if (child.pid === undefined) return child;
  const guard = spawn(
    'sh',
    ['-c', 'trap "" HUP INT TERM; read -r _; kill -9 "$1"', 'guard', String(child.pid)],
    {
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  );
  guard.on('error', () => undefined);
  guard.stdin.on('error', () => undefined);
  guard.unref();
  guard.stdin.unref();
  child.once('exit', () => guard.kill('SIGKILL'));
  return child;
}

/** @param {import('node:child_process').ChildProcess} child */
export function hasExited(child) {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

/**
 * Resolves when the child has exited: by its own will after SIGTERM, or by force.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @param {number} graceMs
 */
export async function stopProcess(child, graceMs) {
  if (hasExited(child)) return;
  const force = setTimeout(() => child.kill('SIGKILL'), graceMs);
  child.kill('SIGTERM');
  await once(child, 'exit');
  clearTimeout(force);
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {(line: string) => void} onLine gets what the child prints on either stream
 */
export function readLines(child, onLine) {
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', onLine);
}

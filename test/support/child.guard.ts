import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * Ends a child process when this process ends, however it ends: Jest runs no exit handlers of a test, and SIGKILL runs
 * none at all. A shell waits on a pipe that only this process holds; when the pipe closes it kills `pid` and
 * removes `directory`.
 *
 * @returns releases the guard; call it once the child has exited, before its pid can belong to somebody else.
 */
export function guardChild(pid: number, directory = ''): () => void {
  const script = 'trap "" HUP INT TERM; read -r _; kill -9 "$1"; [ -z "$2" ] || rm -rf "$2"';
  const guard = spawn('sh', ['-c', script, 'child-guard', String(pid), directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.on('error', () => undefined);
  guard.stdin.on('error', () => undefined);
  guard.unref();
  // A pipe to a child is a socket in libuv; it must not keep the test process alive.
  (guard.stdin as Socket).unref();
  return () => guard.kill('SIGKILL');
}

import { relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TestEnvironment } from 'jest-environment-node';

/**
 * What was closed is gone some turns of the loop later, more of them where the machine is busy. A file that closes a driver whose
 * timers go on for longer says so: `@leak-grace-ms 15000` in the comment at its beginning.
 */
const GRACE_MS = 2_000;
const LOOK_EVERY_MS = 10;

/**
 * Fails a spec file that leaves behind what keeps a process alive: a socket, a server, a timer, a child process.
 * Spec files share a process, one after the other: a file leaves what there is more of than when it began.
 * It also skips the tests of a file that says `@needs-redis-7 what is missing` in the comment at its beginning, on an older server.
 */
export default class LeakEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.file = relative(config.globalConfig.rootDir, context.testPath);
    this.graceMs = Number(context.docblockPragmas['leak-grace-ms'] ?? GRACE_MS);
    const missing = context.docblockPragmas['needs-redis-7'];
    this.missing = config.projectConfig.globals.REDIS_MAJOR < 7 ? missing : undefined;
  }

  async setup() {
    await super.setup();
    // Node opens these when they are first asked for.
    void [process.stdin, process.stdout, process.stderr];
    this.handlesBefore = new Set(process._getActiveHandles());
    this.before = countByKind();
  }

  /** jest-circus awaits it. After `run_finish` no hook of the file is left to close anything. */
  async handleTestEvent({ name }, state) {
    if (name === 'run_start' && this.missing !== undefined) skipAll(state.rootDescribeBlock, this.missing);
    if (name !== 'run_finish') return;
    const kinds = await this.leftKinds();
    if (kinds.length === 0) return;
    const handles = process._getActiveHandles().filter((handle) => !this.handlesBefore.has(handle));
    state.unhandledErrors.push(leakError(this.file, kinds, handles));
    // The file has failed; it need not keep the run alive as well.
    for (const handle of handles) handle.unref?.();
  }

  async leftKinds() {
    const deadlineMs = performance.now() + this.graceMs;
    for (;;) {
      const kinds = [...countByKind()]
        .map(([kind, count]) => ({ kind, count: count - (this.before.get(kind) ?? 0) }))
        .filter(({ count }) => count > 0);
      if (kinds.length === 0 || performance.now() > deadlineMs) return kinds;
      await delay(LOOK_EVERY_MS);
    }
  }
}

/** Neither the tests nor the hooks of their file run then. */
function skipAll(block, missing) {
  for (const child of block.children) {
    if (child.type === 'describeBlock') skipAll(child, missing);
    else if (child.mode !== 'todo') {
      child.mode = 'skip';
      child.name += ` (not on Redis 6: ${missing})`;
    }
  }
}

function countByKind() {
  const counts = new Map();
  const add = (kind, count) => counts.set(kind, (counts.get(kind) ?? 0) + count);
  for (const kind of process.getActiveResourcesInfo()) add(kind, 1);
  // Where connect() throws (a port that cannot be), a socket is left that keeps nothing alive; one that is on its way has
  // a TCPConnectWrap besides.
  for (const handle of process._getActiveHandles()) if (handle.connecting === true) add('TCPSocketWrap', -1);
  return counts;
}

function leakError(file, kinds, handles) {
  const counts = kinds.map(({ kind, count }) => `${count} × ${kind}`).join(', ');
  const error = new Error(
    [
      `${file} leaves behind what keeps a process alive: ${counts}.`,
      ...handles.flatMap(describeHandle).map((line) => `- ${line}`),
      `Close it in afterEach or afterAll. Where it was opened: npm run jest -- --detectOpenHandles ${file}`,
    ].join('\n'),
  );
  // The stack of this check says nothing of the file. Jest takes the lines before the first "at" for the message.
  error.stack = `${error.message}\n    at ${file}:1:1`;
  return error;
}

/** Nothing of pipes, which belong to a child process. */
function describeHandle(handle) {
  if (handle.spawnargs !== undefined) return [`child process ${handle.pid}: ${handle.spawnargs.join(' ')}`];
  if (handle.listening === true) return [`server on ${JSON.stringify(handle.address())}`];
  if (handle.remotePort === undefined) return [];
  return [`socket from port ${handle.localPort} to port ${handle.remotePort}`];
}

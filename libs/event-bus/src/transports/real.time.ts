import { runInThisContext } from 'node:vm';

/**
 * The real time of the event loop, independent of the globals: fake timers of a test replace the globals, but not the modules
 * of Node. Links, heartbeats and the order of work use the real time; everything that an application waits for uses the globals
 * (docs/testing.md).
 */
export { performance } from 'node:perf_hooks';
export { clearTimeout, setImmediate, setTimeout } from 'node:timers';

/** The real process: Jest hands out a copy of it, also for `node:process`, and fakes that. */
const node = runInThisContext('process') as NodeJS.Process;

/** Calls back after all promises that are settled now. */
export const nextTick: (act: () => void) => void = node.nextTick.bind(node);

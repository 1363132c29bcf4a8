import { runInThisContext } from 'node:vm';

/**
 * The time of the event loop, whatever the globals say: fake timers of a test replace those, and leave the modules of Node as
 * they are. Links, their proofs of life and the order in which things are done go by it; what an application waits for goes by
 * the globals (docs/testing.md).
 */
export { performance } from 'node:perf_hooks';
export { clearTimeout, setImmediate, setTimeout } from 'node:timers';

/** Of the process itself: Jest hands out a copy of it, also for `node:process`, and fakes that. */
const node = runInThisContext('process') as NodeJS.Process;

/** Calls back behind all promises that are settled now. */
export const nextTick: (act: () => void) => void = node.nextTick.bind(node);

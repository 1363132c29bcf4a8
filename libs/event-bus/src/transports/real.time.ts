/**
 * The time of the event loop, whatever the globals say: fake timers of a test replace those, and leave the modules of Node as
 * they are. Links, their proofs of life and the order in which things are done go by it.
 */
export { performance } from 'node:perf_hooks';
export { clearTimeout, setImmediate, setTimeout } from 'node:timers';

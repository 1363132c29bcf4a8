import { openBootTrial } from './boot.trial.mjs';
import { openConsoleTrial } from './console.trial.mjs';
import { openEndToEndTrial } from './end-to-end.trial.mjs';
import { openLatencyTrial } from './latency.trial.mjs';
import { openLocalTrial } from './local.trial.mjs';
import { openMemoryTrial } from './memory.trial.mjs';
import { openPublishTrial } from './publish.trial.mjs';
import { openReceiveTrial } from './receive.trial.mjs';

/**
 * Starts what one contender needs for a trial and leaves it ready.
 *
 * @callback OpenTrial
 * @param {import('../lab/lab.mjs').Lab} lab
 * @param {{ name: string, contender: string, slot: string, settings?: object }} entry `slot` is put before every channel,
 * so that contenders never hear each other
 * @param {any} settings of the trial
 * @returns {Promise<OpenedTrial>}
 */

/**
 * @typedef {object} OpenedTrial
 * @property {(events: number) => Promise<Record<string, number>>} round the figures of so many events
 * @property {() => Promise<void>} finish throws when an event was not delivered exactly once
 * @property {() => Promise<void>} close
 * @property {boolean} [isBegunAnew] each round is that of a new process, which has no events to choose the number of and no warm-up
 */

/** @type {Record<string, OpenTrial>} */
export const TRIAL_KINDS = {
  boot: openBootTrial,
  console: openConsoleTrial,
  endToEnd: openEndToEndTrial,
  latency: openLatencyTrial,
  local: openLocalTrial,
  memory: openMemoryTrial,
  publish: openPublishTrial,
  receive: openReceiveTrial,
};

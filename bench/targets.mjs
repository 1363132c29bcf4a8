/**
 * What the bus has to reach: `figure` of `entry` in `trial`, against each of the contenders named in `atMost` (or `atLeast`).
 * A limit is for the ratio of the two in the same round (`by: 'ratio'`) or for what one has more than the other (`difference`),
 * in the median of the rounds. `noise` is the ratio by which two rows of the same code are apart in a round of this run.
 *
 * @typedef {object} Target
 * @property {string} trial
 * @property {string} [entry] default `event-bus`
 * @property {keyof typeof import('./report/figures.mjs').FIGURES} figure
 * @property {'ratio' | 'difference'} [by] default `ratio`
 * @property {Readonly<Record<string, number | 'noise'>>} [atMost] by the name of the other entry
 * @property {Readonly<Record<string, number | 'noise'>>} [atLeast]
 */

/** @type {readonly Target[]} */
export const TARGETS = [
  ...['P1 one channel', 'P1 200 channels'].flatMap((trial) => [
    { trial, figure: 'cpuUs', atMost: { raw: 0.45, nest: 0.25 } },
    { trial, figure: 'serverUs', atMost: { raw: 0.35 } },
  ]),
  { trial: 'P2', figure: 'cpuUs', atMost: { raw: 1.1 } },
  { trial: 'P3 sync', figure: 'cpuUs', atMost: { raw: 0.7, 'node-redis': 1 } },
  { trial: 'P3 async', figure: 'cpuUs', atMost: { raw: 0.8, 'node-redis': 1.15 } },
  { trial: 'P4', figure: 'cpuUs', atMost: { raw: 1.1, nest: 0.2 } },
  { trial: 'P5', figure: 'cpuUs', atMost: { raw: 0.2 } },
  ...['P6 1,000/s', 'P6 10,000/s'].flatMap((trial) => [
    { trial, figure: 'p50Us', atMost: { raw: 1.15 } },
    { trial, figure: 'p99Us', atMost: { raw: 'noise' } },
  ]),
  { trial: 'P7 boot', entry: 'event-bus 5,000', figure: 'bootMs', by: 'difference', atMost: { bare: 450 } },
  // Flat: what grows with the number of channels in any process may grow here as well.
  { trial: 'P7 channels', entry: 'event-bus 5,000', figure: 'cpuUs', atMost: { 'event-bus 10': 1.25 } },
  { trial: 'P8', figure: 'perSecond', atLeast: { raw: 5 } },
  { trial: 'P9 publish', figure: 'cpuUs', atMost: { raw: 0.6 } },
  { trial: 'P9 receive', figure: 'cpuUs', atMost: { raw: 0.7 } },
  ...['observed sync', 'observed async'].flatMap((trial) =>
    Object.entries({ metrics: 1.15, 'traces without an SDK': 1.1, traces: 1.9 }).map(([entry, limit]) => ({
      trial,
      entry,
      figure: /** @type {const} */ ('cpuUs'),
      atMost: { unobserved: limit },
    })),
  ),
  { trial: 'reporting', entry: 'unwatched', figure: 'cpuUs', atMost: { unreported: 1.02 } },
  { trial: 'reporting', entry: 'watched', figure: 'cpuUs', atMost: { unreported: 1.15 } },
  { trial: 'console', entry: 'console', figure: 'cpuUs', atMost: { service: 0.1 } },
  { trial: 'P10', figure: 'cpuUs', atMost: { raw: 0.75 } },
];

/**
 * What the bus has to reach. `figure` of `entry` in `trial`, divided by that of `against` in the same round (`ratio`), or
 * less it (`difference`); the median over the rounds may be at most, or with `atLeast` has to be at least, `limit`.
 *
 * @typedef {object} Target
 * @property {string} id
 * @property {string} trial
 * @property {string} [entry] default `event-bus`
 * @property {string} against
 * @property {'cpuUs' | 'perSecond' | 'serverUs' | 'p50Us' | 'bootMs'} figure
 * @property {'ratio' | 'difference'} [by] default `ratio`
 * @property {number} limit
 * @property {boolean} [atLeast]
 */

/** @type {readonly Target[]} */
export const TARGETS = [
  { id: 'P1', trial: 'P1 one channel', against: 'raw', figure: 'cpuUs', limit: 0.5 },
  { id: 'P1', trial: 'P1 one channel', against: 'nest', figure: 'cpuUs', limit: 0.28 },
  { id: 'P1', trial: 'P1 one channel', against: 'raw', figure: 'serverUs', limit: 0.4 },
  { id: 'P1', trial: 'P1 200 channels', against: 'raw', figure: 'cpuUs', limit: 0.5 },
  { id: 'P1', trial: 'P1 200 channels', against: 'nest', figure: 'cpuUs', limit: 0.28 },
  { id: 'P1', trial: 'P1 200 channels', against: 'raw', figure: 'serverUs', limit: 0.4 },
  { id: 'P2', trial: 'P2', against: 'raw', figure: 'cpuUs', limit: 1.1 },
  { id: 'P3', trial: 'P3 sync', against: 'raw', figure: 'cpuUs', limit: 1.15 },
  { id: 'P3', trial: 'P3 sync', against: 'nest', figure: 'cpuUs', limit: 0.35 },
  { id: 'P3', trial: 'P3 async', against: 'raw', figure: 'cpuUs', limit: 1.3 },
  { id: 'P3', trial: 'P3 async', against: 'nest', figure: 'cpuUs', limit: 0.35 },
  { id: 'P4', trial: 'P4', against: 'nest', figure: 'cpuUs', limit: 0.5 },
  { id: 'P5', trial: 'P5', against: 'raw', figure: 'cpuUs', limit: 0.35 },
  { id: 'P6', trial: 'P6 1,000/s', against: 'raw', figure: 'p50Us', limit: 1.1 },
  { id: 'P6', trial: 'P6 10,000/s', against: 'raw', figure: 'p50Us', limit: 1.1 },
  // 150 ms and 0.06 ms for each handler.
  {
    id: 'P7',
    trial: 'P7 boot',
    entry: 'event-bus 5,000',
    against: 'bare',
    figure: 'bootMs',
    by: 'difference',
    limit: 450,
  },
  // Flat: what grows with the number of channels in any process may grow here as well.
  {
    id: 'P7',
    trial: 'P7 channels',
    entry: 'event-bus 5,000',
    against: 'event-bus 10',
    figure: 'cpuUs',
    limit: 1.25,
  },
  { id: 'P8', trial: 'P8', against: 'raw', figure: 'perSecond', limit: 5, atLeast: true },
  { id: 'P9', trial: 'P9 publish', against: 'raw', figure: 'cpuUs', limit: 1.2 },
  { id: 'P9', trial: 'P9 receive', against: 'raw', figure: 'cpuUs', limit: 1.2 },
  { id: 'P10', trial: 'P10', against: 'raw', figure: 'cpuUs', limit: 1.15 },
];

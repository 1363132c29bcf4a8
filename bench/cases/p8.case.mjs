import { framesProblem } from '../contenders/frames.support.mjs';
import { QUICK, SMOKE, entriesOf } from './contender.entries.mjs';

/** Batch frames. */
export const p8 = [
  {
    id: 'P8',
    title: 'publish, 200 in flight, and receive, with batch frames',
    kind: 'endToEnd',
    quick: QUICK,
    smoke: SMOKE,
    problem: async (lab) => framesProblem(await lab.server()),
    settings: { inFlight: 200 },
    entries: [
      ...entriesOf('node-redis', 'nest', 'graphql'),
      { name: 'event-bus, no frames', contender: 'event-bus' },
      { name: 'event-bus', contender: 'event-bus', settings: { codec: { frames: true } } },
    ],
  },
];

import { QUICK, SMOKE, entriesOf } from './contender.entries.mjs';

const entries = [
  ...entriesOf('node-redis', 'nest', 'graphql', 'event-bus'),
  { name: 'raw, auto-pipelining', contender: 'raw', settings: { enableAutoPipelining: true } },
];

/** Publish, 200 in flight, each with its own promise and count. */
export const p1 = [
  {
    id: 'P1 one channel',
    isQuick: true,
    title: 'publish, 200 in flight, one channel',
    kind: 'publish',
    quick: QUICK,
    settings: { channelCount: 1, inFlight: 200 },
    entries,
  },
  {
    id: 'P1 200 channels',
    title: 'publish, 200 in flight, 200 channels',
    kind: 'publish',
    quick: QUICK,
    smoke: SMOKE,
    settings: { channelCount: 200, inFlight: 200 },
    entries,
  },
];

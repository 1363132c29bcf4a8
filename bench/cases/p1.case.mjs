import { entriesOf } from './contender.entries.mjs';

const entries = entriesOf('node-redis', 'nest', 'graphql', 'event-bus');

/** Publish, 200 in flight, each with its own promise and count. */
export const p1 = [
  {
    id: 'P1 one channel',
    title: 'publish, 200 in flight, one channel',
    kind: 'publish',
    events: 40_000,
    settings: { channelCount: 1, inFlight: 200 },
    entries,
  },
  {
    id: 'P1 200 channels',
    title: 'publish, 200 in flight, 200 channels',
    kind: 'publish',
    events: 40_000,
    settings: { channelCount: 200, inFlight: 200 },
    entries,
  },
];

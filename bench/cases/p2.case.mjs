import { QUICK, SMOKE, entriesOf } from './contender.entries.mjs';

/** Publish, one after the other. */
export const p2 = [
  {
    id: 'P2',
    isQuick: true,
    title: 'publish, one after the other',
    kind: 'publish',
    quick: QUICK,
    smoke: SMOKE,
    settings: { channelCount: 1, inFlight: 1 },
    entries: entriesOf('node-redis', 'nest', 'graphql', 'event-bus'),
  },
];

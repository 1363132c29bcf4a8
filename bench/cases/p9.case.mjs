import { manyChannels } from './many.channels.mjs';

const entries = [
  { name: 'raw', contender: 'raw-cluster' },
  { name: 'raw again', contender: 'raw-cluster' },
  { name: 'node-redis', contender: 'node-redis-cluster' },
  { name: 'event-bus', contender: 'event-bus-cluster' },
];

/** Shard channels on a cluster of three masters. */
export const p9 = [
  {
    id: 'P9 publish',
    title: 'publish to shard channels, 200 in flight, cluster of three',
    smoke: ['raw', 'node-redis', 'event-bus'],
    kind: 'publish',
    settings: { channelCount: 24, inFlight: 200, isCluster: true },
    entries,
  },
  {
    id: 'P9 receive',
    title: 'receive from shard channels, cluster of three',
    smoke: ['raw', 'node-redis', 'event-bus'],
    kind: 'receive',
    settings: { ...manyChannels(24), isSpread: true, isCluster: true },
    entries,
  },
];

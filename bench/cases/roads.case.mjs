/** Shard channels compared with classic ones, on the same cluster of three. */
export const roads = [
  {
    id: 'roads',
    title: 'classic and shard channels on a cluster of three, 24 channels, 200 in flight, end to end',
    kind: 'endToEnd',
    smoke: ['classic', 'sharded'],
    settings: { inFlight: 200, isCluster: true, channelCount: 24 },
    entries: ['classic', 'classic again', 'sharded'].map((name) => ({
      name,
      contender: 'event-bus-cluster',
      rivals: { raw: 'classic' },
      settings: { kind: name === 'sharded' ? 'shard' : 'channel' },
    })),
  },
];

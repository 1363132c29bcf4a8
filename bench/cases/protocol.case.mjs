const entries = ['raw', 'node-redis', 'event-bus'].flatMap((contender) =>
  [2, 3].map((protocol) => ({
    name: `${contender} RESP${protocol}`,
    contender,
    rivals: { raw: 'raw RESP2', 'node-redis': 'node-redis RESP2' },
    settings: { protocol },
  })),
);

/** RESP2 and RESP3, compared with the plain clients on RESP2. */
export const protocol = [
  {
    id: 'protocol receive',
    title: 'receive on RESP2 and RESP3, one pattern handler',
    kind: 'receive',
    maxRounds: 12,
    smoke: ['node-redis RESP2', 'event-bus RESP2', 'event-bus RESP3'],
    settings: {
      channels: ['orders:created'],
      targets: [{ name: 'orders:*', isPattern: true }],
      style: 'sync',
    },
    entries,
  },
  {
    id: 'protocol publish',
    title: 'publish on RESP2 and RESP3, 200 in flight',
    kind: 'publish',
    maxRounds: 12,
    smoke: ['event-bus RESP2'],
    settings: { channelCount: 1, inFlight: 200 },
    entries,
  },
];

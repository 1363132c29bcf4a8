const entries = ['raw', 'event-bus'].flatMap((contender) =>
  [2, 3].map((protocol) => ({
    name: `${contender} RESP${protocol}`,
    contender,
    raw: 'raw RESP2',
    settings: { protocol },
  })),
);

/** RESP2 and RESP3, compared with plain ioredis on RESP2. */
export const protocol = [
  {
    id: 'protocol receive',
    title: 'receive on RESP2 and RESP3, one pattern handler',
    kind: 'receive',
    smoke: ['event-bus RESP2', 'event-bus RESP3'],
    events: 30_000,
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
    smoke: ['event-bus RESP2'],
    events: 20_000,
    settings: { channelCount: 1, inFlight: 200 },
    entries,
  },
];

/** Within one process. Emitters hand over the object itself; the bus on `memory()` serializes it, as with Redis. */
export const local = [
  {
    id: 'local',
    title: 'publish and handle in one process, 200 in flight',
    kind: 'local',
    settings: { inFlight: 200 },
    entries: [
      { name: 'raw', contender: 'local-raw' },
      { name: 'raw again', contender: 'local-raw' },
      { name: 'event-emitter', contender: 'local-event-emitter' },
      { name: 'event-bus', contender: 'local-event-bus' },
    ],
  },
];

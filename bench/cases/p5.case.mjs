import { QUICK, SMOKE, entriesOf } from './contender.entries.mjs';

/** Five targets of one process that match the same event, each with a handler; the raw one subscribes five times. */
export const p5 = [
  {
    id: 'P5',
    title: 'receive with five overlapping targets in one process',
    kind: 'receive',
    quick: QUICK,
    smoke: SMOKE,
    isQuick: true,
    settings: {
      channels: ['orders:eu:created'],
      targets: [
        { name: '*', isPattern: true },
        { name: 'orders:*', isPattern: true },
        { name: 'orders:eu:*', isPattern: true },
        { name: 'orders:*:created', isPattern: true },
        { name: 'orders:eu:created', isPattern: false },
      ],
      style: 'sync',
    },
    entries: entriesOf('node-redis', 'nest', 'graphql', 'event-bus'),
  },
];

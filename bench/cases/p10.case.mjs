import { QUICK, SMOKE, entriesOf } from './contender.entries.mjs';

/** Fan-out to 50 subscribers with a connection each, all in one process. */
export const p10 = [
  {
    id: 'P10',
    title: 'fan-out to 50 subscriber connections, CPU per delivery',
    kind: 'receive',
    quick: QUICK,
    smoke: SMOKE,
    settings: {
      channels: ['orders:created'],
      targets: [{ name: 'orders:created', isPattern: false }],
      connections: 50,
    },
    entries: entriesOf('node-redis', 'nest', 'graphql', 'event-bus'),
  },
];

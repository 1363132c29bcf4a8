import { QUICK, entriesOf } from './contender.entries.mjs';

/** Receive with a guard, a validating pipe and an interceptor; the plain loops of raw and node-redis call functions that do the same. */
export const p4 = [
  {
    id: 'P4',
    title: 'receive with a guard, a validating pipe and an interceptor',
    kind: 'receive',
    quick: QUICK,
    smoke: ['raw', 'node-redis', 'nest', 'event-bus'],
    isQuick: true,
    settings: {
      channels: ['orders:created'],
      targets: [{ name: 'orders:*', isPattern: true }],
      style: 'guarded',
    },
    entries: entriesOf('node-redis', 'nest', 'event-bus'),
  },
];

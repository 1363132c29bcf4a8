import { QUICK, entriesOf } from './contender.entries.mjs';

/** Receive with a guard, a validating pipe and an interceptor; the raw loop calls functions that do the same. */
export const p4 = [
  {
    id: 'P4',
    title: 'receive with a guard, a validating pipe and an interceptor',
    kind: 'receive',
    quick: QUICK,
    smoke: ['raw', 'nest', 'event-bus'],
    isQuick: true,
    events: 40_000,
    settings: {
      channels: ['orders:created'],
      targets: [{ name: 'orders:*', isPattern: true }],
      style: 'guarded',
    },
    entries: entriesOf('nest', 'event-bus'),
  },
];

import { QUICK, SMOKE, entriesOf } from './contender.entries.mjs';

const settings = {
  channels: ['orders:created', 'orders:paid', 'orders:shipped', 'orders:cancelled'],
  targets: [{ name: 'orders:*', isPattern: true }],
};
const entries = [
  ...entriesOf('node-redis', 'nest', 'graphql', 'event-bus'),
  {
    name: 'event-bus, no fast path',
    contender: 'event-bus',
    settings: { transport: { fastPath: false } },
  },
];

/** Receive with one pattern handler. */
export const p3 = [
  {
    id: 'P3 sync',
    isQuick: true,
    title: 'receive, one pattern handler, synchronous',
    kind: 'receive',
    quick: QUICK,
    settings: { ...settings, style: 'sync' },
    entries,
  },
  {
    id: 'P3 async',
    isQuick: true,
    title: 'receive, one pattern handler, async',
    kind: 'receive',
    quick: QUICK,
    smoke: SMOKE,
    settings: { ...settings, style: 'async' },
    entries,
  },
];

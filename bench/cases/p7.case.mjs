import { entriesBySize, manyChannels } from './many.channels.mjs';

const contenders = ['raw', 'nest', 'event-bus'];
const QUICK_CHANNELS = ['raw', 'node-redis', 'event-bus'].flatMap((name) => [`${name} 10`, `${name} 5,000`]);

/** Many handlers, each on an exact channel of its own. */
export const p7 = [
  {
    id: 'P7 boot',
    title: 'boot with 10, 500 and 5,000 handlers, from the start of the process',
    kind: 'boot',
    maxRounds: 6,
    quick: ['bare', 'event-bus 10', 'event-bus 5,000'],
    smoke: ['bare', 'raw 10', 'event-bus 500'],
    settings: { isSpread: true },
    entries: [
      { name: 'bare', contender: 'bare', channels: [], targets: [] },
      ...entriesBySize([10, 500, 5_000], contenders, manyChannels),
    ],
  },
  {
    id: 'P7 channels',
    title: 'receive with 10, 500 and 5,000 handlers, each on a channel of its own',
    kind: 'receive',
    maxRounds: 12,
    quick: QUICK_CHANNELS,
    smoke: ['raw 500', 'node-redis 500', 'nest 10', 'event-bus 500'],
    settings: { isSpread: true },
    entries: entriesBySize([10, 500, 5_000], ['raw', 'node-redis', 'nest', 'event-bus'], manyChannels),
  },
  {
    id: 'P7 memory',
    title: 'heap per handler with 5,000 of them, each on a channel of its own',
    kind: 'memory',
    maxRounds: 3,
    smoke: ['event-bus'],
    settings: { few: 10, many: 5_000 },
    entries: contenders.map((contender) => ({ name: contender, contender })),
  },
];

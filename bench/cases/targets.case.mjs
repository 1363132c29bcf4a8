import { entriesBySize } from './many.channels.mjs';

const CHANNEL = 'orders:eu:warehouse-07:customer-0042:created';

/** So many patterns that match the channel: its first letters and a star, then a star and its last letters. */
function overlapping(count) {
  const patterns = Array.from({ length: CHANNEL.length }, (_, length) => [
    `${CHANNEL.slice(0, length + 1)}*`,
    `orders:*${CHANNEL.slice(-length - 1)}`,
  ]).flat();
  return { targets: patterns.slice(0, count).map((name) => ({ name, isPattern: true })) };
}

/** What one event costs with more and more targets of the process that match it. */
export const targets = [
  {
    id: 'targets',
    title: 'receive with 1 to 50 targets that match the event',
    kind: 'receive',
    maxRounds: 8,
    smoke: ['raw 5', 'node-redis 5', 'event-bus 50'],
    settings: { channels: [CHANNEL] },
    entries: entriesBySize([1, 5, 10, 25, 50], ['raw', 'node-redis', 'nest', 'event-bus'], overlapping),
  },
];

import type { Bye, Hello, Report } from '../../libs/event-bus/src/reporting/report.js';

const instance = {
  id: '0f8fad5b-d9cb-469f-a165-70867728950e',
  service: 'orders',
  version: '1.0.0',
  host: 'web-1',
  pid: 7,
  startedAt: '2026-01-01T00:00:00.000Z',
};

/** A hello as a service sends it. */
export const hello = (changes: Partial<Hello> = {}): Hello => ({
  v: 1,
  type: 'hello',
  instance,
  state: 'ready',
  ...changes,
});

/** The last message of a service. */
export const bye = (changes: Partial<Bye> = {}): Bye => ({ v: 1, type: 'bye', instance, ...changes });

/** A full report of a service with one handler. */
export const report = (changes: Partial<Report> = {}): Report => ({
  v: 1,
  type: 'report',
  instance,
  state: 'ready',
  atMs: 1,
  coversMs: 1_000,
  transport: { name: 'redis', address: '127.0.0.1:6379' },
  codec: 'json',
  prefix: '',
  handlers: [
    {
      handler: 'OrderNotifier.notify',
      targets: ['orders:*'],
      subscriptions: ['orders:*'],
      running: 0,
      waiting: 0,
      waitingBytes: 0,
      dropped: 0,
      handled: 3,
      failed: 0,
      repeated: 0,
      rejected: 0,
      leftToGroup: 0,
      durations: { calls: 3, tookMs: 4.5, slowestMs: 2, waitedMs: 0.25 },
    },
  ],
  subscriptions: [{ kind: 'pattern', target: 'orders:*', state: 'active' }],
  counters: {
    published: 2,
    publishFailed: 0,
    handled: 3,
    failed: 0,
    repeated: 0,
    rejected: 0,
    dropped: 0,
    leftToGroup: 0,
    deadLettered: 0,
    deadLettersLost: 0,
    gaps: 1,
    missed: 0,
    received: 3,
    unmatched: 0,
    unsequenced: 3,
  },
  links: [{ role: 'publisher', isUp: true, provedAgoMs: 5, roundTripMs: 0.4 }],
  gaps: [{ reason: 'connection-lost', targets: ['orders:*'], fromMs: 1, toMs: 2 }],
  published: {
    top: [
      {
        name: 'orders:created',
        isTemplate: false,
        kind: 'channel',
        published: 2,
        nobody: 0,
        failed: 0,
        subscriptions: 1,
      },
    ],
    rest: { published: 0, nobody: 0, failed: 0 },
  },
  tail: [],
  ...changes,
});

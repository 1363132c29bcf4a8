import type { EventTransport, MemoryBroker } from 'nestjs-redis-event-bus';
import { memory } from 'nestjs-redis-event-bus';
import type { Report } from 'nestjs-redis-event-bus/reporting';
import { reportTarget } from 'nestjs-redis-event-bus/reporting';

const NOTHING = () => undefined;
const COUNTERS = {
  published: 0,
  publishFailed: 0,
  handled: 0,
  failed: 0,
  repeated: 0,
  rejected: 0,
  dropped: 0,
  leftToGroup: 0,
  deadLettered: 0,
  deadLettersLost: 0,
  gaps: 0,
  missed: 0,
  received: 0,
  unmatched: 0,
  unsequenced: 0,
};

/** The report of an instance that has done nothing, but for what is given. */
export function reportOf(parts: Partial<Report> = {}, service = 'orders', id = 'id-1'): Report {
  return {
    v: 1,
    type: 'report',
    instance: { id, service, host: 'shop-1', pid: 17, startedAt: '2026-01-01T00:00:00.000Z' },
    state: 'ready',
    atMs: 0,
    coversMs: 1_000,
    transport: { name: 'redis', address: '127.0.0.1:6379' },
    codec: 'json',
    prefix: '',
    handlers: [],
    subscriptions: [],
    counters: COUNTERS,
    links: [],
    gaps: [],
    published: { top: [], rest: { published: 0, nobody: 0, failed: 0 } },
    tail: [],
    ...parts,
  };
}

/** The counters of a report that has counted nothing else. */
export function countersOf(parts: Partial<typeof COUNTERS>): typeof COUNTERS {
  return { ...COUNTERS, ...parts };
}

/** A handler of a report that has done nothing else. */
export function handlerOf(
  handler: string,
  targets: readonly string[],
  parts: Partial<Report['handlers'][number]> = {},
): Report['handlers'][number] {
  return {
    handler,
    targets,
    subscriptions: targets,
    running: 0,
    waiting: 0,
    waitingBytes: 0,
    dropped: 0,
    handled: 0,
    failed: 0,
    repeated: 0,
    rejected: 0,
    leftToGroup: 0,
    ...parts,
  };
}

/** Sends what a service would send, or anything else, on the channel of the reports. */
export async function reportingOn(
  broker: MemoryBroker,
): Promise<{ send: (body: string) => Promise<number> }> {
  const transport: EventTransport = memory({ broker }).create({
    message: NOTHING,
    confirmed: NOTHING,
    released: NOTHING,
    denied: NOTHING,
    resumed: NOTHING,
    writable: NOTHING,
    state: NOTHING,
    warned: NOTHING,
  });
  await transport.connect();
  const channel = reportTarget('', transport.name).name;
  return {
    send: (body) =>
      new Promise((resolve, reject) => {
        void transport.publish([{ kind: 'channel', channel, body }], (_index, outcome) => {
          if ('error' in outcome) reject(outcome.error);
          else resolve(outcome.subscriptions);
        });
      }),
  };
}

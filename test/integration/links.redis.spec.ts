import { OnEvent, memory, redis } from 'nestjs-redis-event-bus';
import type { EventBusInspector, TransportLink } from 'nestjs-redis-event-bus';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.server.js';
import { startedApps } from '../support/started.apps.js';

const FAST = { intervalMs: 100, timeoutMs: 200 };
/** No beat as long as a test runs. */
const NEVER = { intervalMs: 2 ** 31 - 1 };

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

const { boot } = startedApps(() => ({ transport: redis({ url: server.url, heartbeat: FAST }) }));

class Notifier {
  @OnEvent('orders:*')
  notify(): void {}
}

const linksOf = (inspector: EventBusInspector) => inspector.snapshot().links;
const commandsProcessed = async () =>
  Number(/total_commands_processed:(\d+)/.exec(String(await server.cli('INFO', 'stats')))?.[1]);

describe('The links of a snapshot', () => {
  it('are the two connections, each with the round trip of its last heartbeat', async () => {
    const { inspector } = await boot({}, Notifier);
    const links = await eventually(() => {
      const seen = linksOf(inspector);
      for (const { roundTripMs } of seen) expect(roundTripMs).toBeGreaterThan(0);
      return seen;
    });
    expect(links).toEqual(
      ['publisher', 'subscriber'].map((role) => ({
        role,
        isUp: true,
        provedAgoMs: expect.any(Number),
        roundTripMs: expect.any(Number),
      })),
    );
    expect(JSON.parse(JSON.stringify(links))).toEqual(links);
  });

  it('are proved by the start alone before the first heartbeat', async () => {
    const { inspector } = await boot({ transport: redis({ url: server.url, heartbeat: NEVER }) });
    for (const link of linksOf(inspector)) {
      expect(link).toEqual({ role: link.role, isUp: true, provedAgoMs: expect.any(Number) });
    }
  });

  it('grow old while nothing proves them, and young again with an answer', async () => {
    const { inspector } = await boot({}, Notifier);
    process.kill(server.pid, 'SIGSTOP');
    try {
      await eventually(() => expect(linksOf(inspector).map(({ isUp }) => isUp)).toEqual([false, false]));
      const lost = linksOf(inspector);
      await eventually(() => {
        for (const [index, { provedAgoMs }] of linksOf(inspector).entries()) {
          expect(provedAgoMs).toBeGreaterThan(ageOf(lost[index]) + 100);
        }
      });
      const oldest = linksOf(inspector);
      process.kill(server.pid, 'SIGCONT');
      await eventually(() => {
        for (const [index, link] of linksOf(inspector).entries()) {
          expect(link.isUp).toBe(true);
          expect(link.provedAgoMs).toBeLessThan(ageOf(oldest[index]));
        }
      });
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
  });

  it('cost no command, which a ping does', async () => {
    const { inspector } = await boot({ transport: redis({ url: server.url, heartbeat: NEVER }) }, Notifier);
    const before = await commandsProcessed();
    for (let count = 0; count < 100; count += 1) inspector.snapshot();
    // Each INFO is one itself.
    expect((await commandsProcessed()) - before).toBe(1);
    await inspector.ping();
    expect((await commandsProcessed()) - before).toBe(3);
  });

  it('are none on a transport without connections', async () => {
    const { inspector } = await boot({ transport: memory() });
    expect(linksOf(inspector)).toEqual([]);
    await expect(inspector.ping()).rejects.toThrow('The memory transport cannot be asked');
  });
});

describe('The instance of a snapshot', () => {
  it('is called as the option says', async () => {
    const { inspector } = await boot({ instance: { service: 'orders', version: '1.2.3' } });
    expect(inspector.snapshot().instance).toMatchObject({
      service: 'orders',
      version: '1.2.3',
      pid: process.pid,
    });
  });

  it('cannot be called nothing', async () => {
    await expect(boot({ instance: { service: '' } })).rejects.toThrow(
      'instance.service must be a non-empty string.',
    );
  });
});

function ageOf(link: TransportLink | undefined): number {
  return link?.provedAgoMs ?? Number.NaN;
}

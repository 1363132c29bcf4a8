import { Controller, Get, Query } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { ConfigurationError, EventBusModule, OnEvent, memory, redis } from 'nestjs-redis-event-bus';
import { EventBusHealthIndicator, EventBusHealthModule } from 'nestjs-redis-event-bus/terminus';
import type { EventBusHealth, EventBusHealthOptions } from 'nestjs-redis-event-bus/terminus';
import supertest from 'supertest';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free.port.js';
import { RedisServer } from '../support/redis.server.js';
import type { BusOptions, StartedApp } from '../support/started.apps.js';
import { startedApps } from '../support/started.apps.js';
import { untyped } from '../support/untyped.js';

const FAST = { intervalMs: 100, timeoutMs: 200 };
/** No beat as long as a test runs. */
const NEVER = { intervalMs: 2 ** 31 - 1 };

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterEach(() => {
  if (server.isRunning) process.kill(server.pid, 'SIGCONT');
});
afterAll(() => server.stop());

const { start, create } = startedApps();

class Notifier {
  @OnEvent(['orders:created', 'news'])
  notify(): void {}
}

@Controller('ready')
class ReadinessController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly eventBus: EventBusHealthIndicator,
  ) {}

  @Get()
  check(@Query('options') options: string) {
    return this.health.check([
      () => this.eventBus.isHealthy('bus', JSON.parse(options) as EventBusHealthOptions),
    ]);
  }
}

const parts = (...providers: readonly Type[]) => ({
  imports: [TerminusModule.forRoot({ logger: false }), EventBusHealthModule],
  controllers: [ReadinessController],
  providers: [...providers],
});

const onRedis = (heartbeat: typeof FAST | typeof NEVER = FAST): BusOptions => ({
  transport: redis({ url: server.url, heartbeat }),
});

interface Answered {
  readonly code: number;
  /** The status of the whole check. */
  readonly whole: string;
  readonly bus: EventBusHealth;
}

async function probe({ app }: StartedApp, options: EventBusHealthOptions = {}): Promise<Answered> {
  const { status, body } = await supertest(app.getHttpServer())
    .get('/ready')
    .query({ options: JSON.stringify(options) });
  const { status: whole, details } = body as { status: string; details: { bus: EventBusHealth } };
  return { code: status, whole, bus: details.bus };
}

const DEGRADED = { code: 200, whole: 'degraded', bus: { status: 'degraded', state: 'degraded' } };
const UP = { code: 200, whole: 'ok', bus: { status: 'up', state: 'ready' } };

describe('The health of a bus', () => {
  it('is up while Redis has confirmed everything and answers, with the details by name', async () => {
    const started = await start(parts(Notifier), onRedis());
    expect(await probe(started)).toEqual({
      code: 200,
      whole: 'ok',
      bus: {
        status: 'up',
        state: 'ready',
        subscriptions: { wanted: 2, confirmed: 2, denied: [], unconfirmed: [] },
        links: ['publisher', 'subscriber'].map((role) => expect.objectContaining({ role, isUp: true })),
        answeredInMs: expect.any(Number),
        gapsInLastMinute: 0,
        missedInLastMinute: 0,
      },
    });
  });

  it('is degraded while Redis stands still or is gone, and up with one gap more when it is back', async () => {
    const started = await start(parts(Notifier), onRedis());
    process.kill(server.pid, 'SIGSTOP');
    const stopped = await eventually(async () => {
      const answered = await probe(started);
      expect(answered).toMatchObject(DEGRADED);
      expect(answered.bus.links?.map(({ isUp }) => isUp)).toEqual([false, false]);
      return answered.bus;
    });
    expect(stopped.reason).toMatch(/no answer/);
    expect(stopped.subscriptions).toEqual({
      wanted: 2,
      confirmed: 0,
      denied: [],
      unconfirmed: expect.arrayContaining(['orders:created', 'news']),
    });
    process.kill(server.pid, 'SIGCONT');
    const back = await eventually(async () => {
      const answered = await probe(started);
      expect(answered).toMatchObject(UP);
      return answered.bus;
    });
    expect(back.gapsInLastMinute).toBe(1);

    await server.kill('SIGKILL');
    await eventually(async () => expect(await probe(started)).toMatchObject(DEGRADED));
    await eventually(async () => expect((await probe(started)).bus.reason).toContain('ECONNREFUSED'));
    await server.restart();
    await eventually(async () => {
      expect(await probe(started)).toMatchObject({ ...UP, bus: { ...UP.bus, gapsInLastMinute: 2 } });
    });
  }, 60_000);

  it('is degraded as soon as Redis does not answer, before the heartbeat says so', async () => {
    const started = await start(parts(Notifier), onRedis(NEVER));
    process.kill(server.pid, 'SIGSTOP');
    expect(await probe(started, { timeoutMs: 50 })).toMatchObject({
      code: 200,
      whole: 'degraded',
      bus: { status: 'degraded', state: 'ready', reason: 'no answer within 50 ms' },
    });
    // A question that is open is not put again, and its time is over.
    expect(await probe(started, { timeoutMs: 50 })).toMatchObject({ whole: 'degraded' });
    process.kill(server.pid, 'SIGCONT');
    await eventually(async () => expect(await probe(started)).toMatchObject(UP));
  });

  it('is degraded while a channel is denied, which it names', async () => {
    await server.cli(
      'ACL',
      'SETUSER',
      'limited',
      'on',
      '>secret',
      '+@all',
      'allkeys',
      'resetchannels',
      '&news',
    );
    const transport = redis({ url: server.url.replace('//', '//limited:secret@'), heartbeat: FAST });
    const started = await start(parts(Notifier), {
      transport,
      startup: { onFailure: 'retry', timeoutMs: 500 },
    });
    const { bus } = await eventually(async () => {
      const answered = await probe(started);
      expect(answered).toMatchObject(DEGRADED);
      expect(answered.bus.subscriptions).toMatchObject({ confirmed: 1, denied: ['orders:created'] });
      return answered;
    });
    expect(bus.reason).toContain('orders:created');
    await server.cli('ACL', 'SETUSER', 'limited', 'allchannels');
    await server.cli('CLIENT', 'KILL', 'USER', 'limited');
    await eventually(async () => expect(await probe(started)).toMatchObject(UP), { timeoutMs: 20_000 });
  }, 40_000);

  it('is down where the caller says so of a degraded bus, and where there were too many gaps', async () => {
    const started = await start(parts(Notifier), onRedis());
    await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await started.gaps.count(1);
    await eventually(async () => expect(await probe(started)).toMatchObject(UP));
    const once = { count: 1, withinMs: 60_000 };
    expect(await probe(started, { maxGaps: once, whenDegraded: 'down' })).toMatchObject(UP);
    const none = { count: 0, withinMs: 60_000 };
    expect(await probe(started, { maxGaps: none })).toMatchObject({
      code: 200,
      bus: { status: 'degraded', state: 'ready', reason: '1 gaps within 60000 ms' },
    });
    expect(await probe(started, { maxGaps: none, whenDegraded: 'down' })).toMatchObject({
      code: 503,
      whole: 'error',
      bus: { status: 'down', state: 'ready' },
    });
  });

  it('is down before the bus is ready, and once it is closed', async () => {
    const nowhere = redis({ url: `redis://127.0.0.1:${await freePort()}` });
    const app = await create({
      ...parts(),
      imports: [...parts().imports, EventBusModule.forRoot({ transport: nowhere })],
    });
    const starting = app.init().catch(() => undefined);
    const health = app.get(HealthCheckService);
    const indicator = app.get(EventBusHealthIndicator);
    const check = () => health.check([() => indicator.isHealthy('bus')]);
    await expect(check()).rejects.toMatchObject({ status: 503 });
    expect(await indicator.isHealthy('bus')).toMatchObject({ bus: { status: 'down', state: 'connecting' } });
    await app.close();
    await starting;
    await expect(check()).rejects.toMatchObject({ status: 503 });
    expect(await indicator.isHealthy('bus')).toMatchObject({ bus: { status: 'down', state: 'closed' } });
  });

  it('costs at most one question a second, however many ask', async () => {
    const pings = async () =>
      Number(/cmdstat_ping:calls=(\d+)/.exec(String(await server.cli('INFO', 'commandstats')))?.[1] ?? 0);
    const started = await start(parts(Notifier), onRedis(NEVER));
    const before = await pings();
    const beganMs = performance.now();
    const answers = await Promise.all(Array.from({ length: 100 }, () => probe(started)));
    const seconds = Math.ceil((performance.now() - beganMs) / 1_000);
    for (const answered of answers) expect(answered).toMatchObject(UP);
    const asked = (await pings()) - before;
    expect(asked).toBeGreaterThanOrEqual(1);
    expect(asked).toBeLessThanOrEqual(seconds + 1);
    await eventually(async () => {
      await probe(started);
      expect((await pings()) - before).toBeGreaterThan(asked);
    });
  });

  it('is told for each bus by its name', async () => {
    const audit = redis({ url: `redis://127.0.0.1:${await freePort()}` });
    const started = await start(
      parts(Notifier),
      { transport: memory() },
      { name: 'audit', transport: audit, startup: { onFailure: 'retry', timeoutMs: 100 } },
    );
    expect(await probe(started)).toMatchObject({ ...UP, bus: { links: [], subscriptions: { wanted: 2 } } });
    expect((await probe(started)).bus).not.toHaveProperty('answeredInMs');
    expect(await probe(started, { bus: 'audit' })).toMatchObject(DEGRADED);
    expect(await probe(started, { bus: 'audti' })).toEqual({
      code: 503,
      whole: 'error',
      bus: { status: 'down', reason: 'there is no bus "audti". The application has: default, audit.' },
    });
  });

  it.each<[string, unknown, string]>([
    ['no object', 7, 'options must be an object, e.g. { timeoutMs: 1000 }.'],
    ['null', null, 'options must be an object, e.g. { timeoutMs: 1000 }.'],
    ['a misspelt option', { timeout: 5 }, 'timeout is not an option. Known options:'],
    ['a time that is none', { timeoutMs: '5' }, 'timeoutMs must be a whole number of milliseconds'],
    ['another state', { whenDegraded: 'up' }, "whenDegraded must be 'degraded' or 'down'."],
    ['half a limit', { maxGaps: { count: 3 } }, 'maxGaps.withinMs is missing.'],
    ['a limit that is none', { maxGaps: 3 }, 'maxGaps must be an object'],
    ['a bus without a name', { bus: '' }, 'bus must be the name of a bus'],
    [
      'what throws when it is read',
      {
        get bus() {
          throw new Error('read me not');
        },
      },
      'read me not',
    ],
  ])('is down, and says what to write, for options that are %s', async (_what, options, reason) => {
    const { app } = await start(parts(), { transport: memory() });
    const { bus } = await app.get(EventBusHealthIndicator).isHealthy('bus', untyped(options));
    expect(bus).toEqual({ status: 'down', reason: expect.stringContaining(reason) });
  });

  it('has a key, whatever the caller writes', async () => {
    const { app } = await start(parts(), { transport: memory() });
    const reason = "key must be a non-empty string, e.g. 'event-bus'.";
    for (const key of ['', 7, undefined]) {
      const result: unknown = await app.get(EventBusHealthIndicator).isHealthy(untyped(key));
      expect(result).toEqual({ 'event-bus': { status: 'down', reason } });
    }
  });

  it('cannot be asked of an application without a bus, which does not start', async () => {
    const failing = (await create(parts())).init();
    await expect(failing).rejects.toThrow(ConfigurationError);
    await expect(failing).rejects.toThrow('EventBusHealthModule finds no bus. Import EventBusModule.forRoot');
  });
});

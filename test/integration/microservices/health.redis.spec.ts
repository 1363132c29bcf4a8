import { Controller } from '@nestjs/common';
import type { INestApplicationContext } from '@nestjs/common';
import { ClientsModule } from '@nestjs/microservices';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { EventBusModule, redis } from 'nestjs-redis-event-bus';
import { EventBusClient } from 'nestjs-redis-event-bus/microservices';
import type { EventBusServer } from 'nestjs-redis-event-bus/microservices';
import { EventBusHealthIndicator, EventBusHealthModule } from 'nestjs-redis-event-bus/terminus';
import type { EventBusHealthOptions } from 'nestjs-redis-event-bus/terminus';
import { eventually } from '../../support/eventually.js';
import { freePort } from '../../support/free.port.js';
import { RedisServer } from '../../support/redis.server.js';
import { EventPattern } from './support/event-pattern.js';
import { MicroserviceApps } from './support/microservice.apps.js';

let redisServer: RedisServer;
beforeAll(async () => {
  redisServer = await RedisServer.start();
});
afterAll(() => redisServer.stop());

@Controller()
class Service {
  @EventPattern('orders.*')
  order(): void {}
}

const heartbeat = { intervalMs: 100, timeoutMs: 200 };
const apps = new MicroserviceApps(() => redis({ url: redisServer.url, heartbeat }));
const health = { imports: [TerminusModule.forRoot({ logger: false }), EventBusHealthModule] };

/** The answer of a probe: the status of the check, and the health of the bus. */
async function probe(app: INestApplicationContext, options: EventBusHealthOptions) {
  const check = () => app.get(EventBusHealthIndicator).isHealthy('rpc', options);
  const { status } = await app
    .get(HealthCheckService)
    .check([check])
    .catch((error: { getResponse(): { status: string } }) => error.getResponse());
  return { whole: status, ...(await check()).rpc };
}

/** A hybrid application whose server is the only bus. */
async function serve() {
  const servers: EventBusServer[] = [];
  const connected = (_: unknown, server: EventBusServer) => void servers.push(server);
  const app = await apps.hybrid({ ...health, controllers: [Service] }, { connected });
  const [server] = servers;
  if (server === undefined) throw new Error('no server was connected');
  return { app, server };
}

describe('The health of a server and a client', () => {
  it('is that of the bus: up, degraded once Redis is killed, up when it is back, and down when it is closed', async () => {
    const { app, server } = await serve();
    const client = apps.client();
    await client.connect();
    expect(await probe(app, { bus: server })).toMatchObject({
      whole: 'ok',
      status: 'up',
      state: 'ready',
      subscriptions: { wanted: 1, confirmed: 1 },
      answeredInMs: expect.any(Number),
      gapsInLastMinute: 0,
    });
    const both = [server, client];
    for (const bus of both) expect(await probe(app, { bus })).toMatchObject({ whole: 'ok', status: 'up' });

    await redisServer.kill('SIGKILL');
    for (const bus of both)
      await eventually(async () => {
        const answered = await probe(app, { bus });
        expect(answered).toMatchObject({ whole: 'degraded', status: 'degraded', state: 'degraded' });
        expect(answered.reason).toContain('ECONNREFUSED');
      });
    expect(await probe(app, { bus: server, whenDegraded: 'down' })).toMatchObject({ whole: 'error' });

    await redisServer.restart();
    for (const bus of both)
      await eventually(async () =>
        expect(await probe(app, { bus })).toMatchObject({ whole: 'ok', status: 'up', state: 'ready' }),
      );
    expect(await probe(app, { bus: server })).toMatchObject({ gapsInLastMinute: 1 });

    await client.close();
    await server.close();
    for (const bus of both)
      expect(await probe(app, { bus })).toMatchObject({ whole: 'error', status: 'down', state: 'closed' });
  }, 60_000);

  it('is that of the bus which a client has after an attempt to connect that failed', async () => {
    const { app } = await serve();
    const port = await freePort();
    const url = `redis://127.0.0.1:${port}`;
    const client = apps.client({ transport: redis({ url, heartbeat }), startup: { timeoutMs: 50 } });
    const down = { whole: 'error', status: 'down', state: 'connecting' };
    expect(await probe(app, { bus: client })).toMatchObject(down);
    await expect(client.connect()).rejects.toThrow('No connection');
    expect(await probe(app, { bus: client })).toMatchObject(down);
    const late = await RedisServer.start({ port });
    apps.closeLater(() => late.stop());
    await eventually(() => client.connect());
    expect(await probe(app, { bus: client })).toMatchObject({ whole: 'ok', status: 'up' });
  });

  it('stands beside that of a module', async () => {
    const nowhere = redis({ url: `redis://127.0.0.1:${await freePort()}` });
    const startup = { onFailure: 'retry', timeoutMs: 50 } as const;
    const servers: EventBusServer[] = [];
    const app = await apps.hybrid(
      { ...health, imports: [...health.imports, EventBusModule.forRoot({ transport: nowhere, startup })] },
      { connected: (_, server) => void servers.push(server) },
    );
    expect(await probe(app, {})).toMatchObject({ status: 'degraded' });
    expect(await probe(app, { bus: servers[0] as EventBusServer })).toMatchObject({ status: 'up' });
  });

  it('needs no module, and says so of a name', async () => {
    const { app } = await serve();
    expect(await probe(app, {})).toEqual({
      whole: 'error',
      status: 'down',
      reason:
        'there is no bus "default". No module of the application has a bus. Write { bus: server } for that of an EventBusServer.',
    });
  });

  it('can be asked where a client is all there is', async () => {
    const options = { transport: redis({ url: redisServer.url, heartbeat }) };
    const client = { name: 'ORDERS', customClass: EventBusClient, options };
    const app = await apps.hybrid(
      { ...health, imports: [...health.imports, ClientsModule.register([client])] },
      { servers: 0 },
    );
    const bus = app.get<EventBusClient>('ORDERS');
    await bus.connect();
    expect(await probe(app, { bus })).toMatchObject({ whole: 'ok', status: 'up' });
  });
});

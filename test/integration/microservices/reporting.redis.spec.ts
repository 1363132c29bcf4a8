import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { ConfigurationError, EventBusModule, redis } from 'nestjs-redis-event-bus';
import { EventBusReportingModule, eventBusReports } from 'nestjs-redis-event-bus/reporting';
import { lastValueFrom } from 'rxjs';
import { eventually } from '../../support/eventually.js';
import { freePort } from '../../support/free.port.js';
import { RedisServer } from '../../support/redis.server.js';
import { ReportViewer, fastReportsObserver } from '../../support/report.viewer.js';
import { untyped } from '../../support/untyped.js';
import { EventPattern } from './support/event-pattern.js';
import { MicroserviceApps } from './support/microservice.apps.js';

let redisServer: RedisServer;
beforeAll(async () => {
  redisServer = await RedisServer.start();
});
afterAll(() => redisServer.stop());

@Controller()
class Service {
  @MessagePattern('sum')
  sum(numbers: readonly number[]): number {
    return numbers.reduce((sum, number) => sum + number, 0);
  }

  @EventPattern('orders.*')
  order(): void {}
}

const transport = () => redis({ url: redisServer.url });
const apps = new MicroserviceApps(transport);

async function view(url = redisServer.url): Promise<ReportViewer> {
  const viewer = await ReportViewer.open(redis({ url }));
  apps.closeLater(() => viewer.close());
  return viewer;
}

const instances = (viewer: ReportViewer) =>
  viewer.directory.instances().map(({ bus, state }) => `${bus} ${state}`);

describe('The reports of a server and a client', () => {
  it('are those of an instance each, beside that of a module of the same process', async () => {
    const viewer = await view();
    const app = await apps.hybrid(
      {
        imports: [
          EventBusModule.forRoot({ transport: transport() }),
          EventBusReportingModule.forRoot({ service: 'orders' }),
        ],
        controllers: [Service],
      },
      { server: { name: 'rpc', observers: [eventBusReports({ service: 'orders' })] } },
    );
    const observers = [eventBusReports({ service: 'orders', payloads: 'preview' })];
    const client = apps.client({ name: 'rpc-client', observers });
    await client.connect();
    await eventually(() =>
      expect(instances(viewer).toSorted()).toEqual(['default ready', 'rpc ready', 'rpc-client ready']),
    );
    expect(new Set(viewer.directory.instances().map(({ instance }) => instance.id)).size).toBe(3);

    await viewer.report(({ bus }) => bus === 'rpc-client');
    expect(await lastValueFrom(client.send('sum', [1, 2]))).toBe(3);
    const rpc = await viewer.report(
      ({ bus, handlers }) => bus === 'rpc' && handlers.some(({ handled }) => handled > 0),
    );
    expect(rpc).toMatchObject({
      instance: { service: 'orders', pid: process.pid },
      state: 'ready',
      transport: { name: 'redis' },
      codec: 'nest-packet',
    });
    expect(rpc.handlers.map(({ handler, targets, handled }) => [handler, targets, handled])).toEqual(
      expect.arrayContaining([
        [expect.stringContaining('@MessagePattern'), ['sum'], 1],
        [expect.stringContaining('@EventPattern'), ['orders.*'], 0],
      ]),
    );
    const sent = await viewer.report(({ bus, tail }) => bus === 'rpc-client' && tail.length > 0);
    expect(sent.published.top).toMatchObject([{ name: 'sum', published: 1 }]);

    await client.close();
    await app.close();
    await eventually(() =>
      expect(instances(viewer).toSorted()).toEqual(['default gone', 'rpc gone', 'rpc-client gone']),
    );
    expect(viewer.directory.instances().map(({ saidBye }) => saidBye)).toEqual([true, true, true]);
  });

  it('may come from one observer, since each bus has its own', async () => {
    const viewer = await view();
    const observers = [eventBusReports({ service: 'orders' })];
    await apps.serve({ controllers: [Service] }, { name: 'first', observers });
    const { app } = await apps.serve({ controllers: [Service] }, { name: 'second', observers });
    await eventually(() => expect(instances(viewer).toSorted()).toEqual(['first ready', 'second ready']));
    await app.close();
    await eventually(() => expect(instances(viewer).toSorted()).toEqual(['first ready', 'second gone']));
  });

  it('come back with the connection', async () => {
    const own = await RedisServer.start();
    apps.closeLater(() => own.stop());
    const { server } = await apps.serve(
      { controllers: [Service] },
      { transport: redis({ url: own.url }), name: 'rpc', observers: [fastReportsObserver()] },
    );
    await own.kill('SIGKILL');
    await eventually(() => expect(server.inspector.snapshot().status).toBe('degraded'));
    await own.restart();
    const viewer = await view(own.url);
    await viewer.report(({ bus, state }) => bus === 'rpc' && state === 'ready');
  });

  it('begin with the attempt to connect that succeeds', async () => {
    const port = await freePort();
    const url = `redis://127.0.0.1:${port}`;
    const client = apps.client({
      transport: redis({ url }),
      startup: { timeoutMs: 50 },
      name: 'late',
      observers: [eventBusReports()],
    });
    await expect(client.connect()).rejects.toThrow('No connection');
    const late = await RedisServer.start({ port });
    apps.closeLater(() => late.stop());
    const viewer = await view(url);
    await eventually(() => client.connect());
    await eventually(() => expect(instances(viewer)).toEqual(['late ready']));
    await client.close();
    await eventually(() => expect(instances(viewer)).toEqual(['late gone']));
  });
});

describe('eventBusReports()', () => {
  it.each<[string, unknown, string]>([
    ['options that are none', 7, "eventBusReports(): options must be an object, e.g. { service: 'orders' }."],
    [
      'the name of a bus',
      { bus: 'rpc' },
      'eventBusReports(): bus is not an option. Known options: service, payloads, redact, channels.',
    ],
    [
      'redact alone',
      { redact: () => 1 },
      "eventBusReports(): redact has no effect without payloads: 'preview'.",
    ],
  ])('throws for %s, and says what to write', (_what, options, problem) => {
    const call = () => eventBusReports(untyped(options));
    expect(call).toThrow(ConfigurationError);
    expect(call).toThrow(problem);
  });
});

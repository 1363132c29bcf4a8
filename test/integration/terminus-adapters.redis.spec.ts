import type { AddressInfo } from 'node:net';
import { Controller, Get, Module, Query } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { EventBusModule, OnEvent, redis } from 'nestjs-redis-event-bus';
import { EventBusHealthIndicator, EventBusHealthModule } from 'nestjs-redis-event-bus/terminus';
import type { EventBusHealthOptions } from 'nestjs-redis-event-bus/terminus';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.server.js';

let server: RedisServer;
let app: INestApplication | undefined;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterEach(async () => {
  if (server.isRunning) process.kill(server.pid, 'SIGCONT');
  await app?.close();
});
afterAll(() => server.stop());

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
  check(@Query('whenDegraded') whenDegraded?: EventBusHealthOptions['whenDegraded']) {
    return this.health.check([() => this.eventBus.isHealthy('event-bus', { whenDegraded })]);
  }
}

/** A readiness probe of an application with a bus on this Redis. */
async function probed(adapter: string) {
  const heartbeat = { intervalMs: 100, timeoutMs: 200 };
  @Module({
    imports: [
      EventBusModule.forRoot({ transport: redis({ url: server.url, heartbeat }) }),
      TerminusModule.forRoot({ logger: false }),
      EventBusHealthModule,
    ],
    controllers: [ReadinessController],
    providers: [Notifier],
  })
  class AppModule {}
  const http = adapter === 'Fastify' ? new FastifyAdapter() : new ExpressAdapter();
  app = await NestFactory.create<INestApplication>(AppModule, http, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return async (query = '') => {
    const response = await fetch(`http://127.0.0.1:${port}/ready${query}`);
    const { status, details } = (await response.json()) as {
      status: string;
      details: Record<string, { status: string; state: string }>;
    };
    const { status: bus, state } = details['event-bus'] ?? {};
    return [response.status, status, bus, state];
  };
}

describe.each(['Express', 'Fastify'])('A readiness probe on %s', (adapter) => {
  it('answers 200 while the bus is ready or degraded, and 503 where degraded is to be down', async () => {
    const probe = await probed(adapter);
    expect(await probe()).toEqual([200, 'ok', 'up', 'ready']);
    process.kill(server.pid, 'SIGSTOP');
    const degraded = [200, 'degraded', 'degraded', 'degraded'];
    await eventually(async () => expect(await probe()).toEqual(degraded));
    expect(await probe('?whenDegraded=down')).toEqual([503, 'error', 'down', 'degraded']);
    process.kill(server.pid, 'SIGCONT');
    await eventually(async () => expect(await probe()).toEqual([200, 'ok', 'up', 'ready']));
    await server.kill('SIGKILL');
    await eventually(async () => expect(await probe()).toEqual(degraded));
    await server.restart();
    await eventually(async () => expect(await probe()).toEqual([200, 'ok', 'up', 'ready']));
  }, 60_000);
});

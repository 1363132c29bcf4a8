import { Module } from '@nestjs/common';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { EventBusModuleOptions, EventTransport, HandlerOptions } from 'nestjs-redis-event-bus';
import { EventBusModule, OnEvent, cloudEvents, memory, redis, redisCluster } from 'nestjs-redis-event-bus';
import { EventBusAsyncApi, EventBusAsyncApiModule } from 'nestjs-redis-event-bus/asyncapi';
import { describeTransport } from 'nestjs-redis-event-bus/conformance';
import { EventBusClient, EventBusServer } from 'nestjs-redis-event-bus/microservices';
import { EventBusMetricsModule } from 'nestjs-redis-event-bus/prometheus';
import { EventBusReportingModule, InstanceDirectory } from 'nestjs-redis-event-bus/reporting';
import { EventBusHealthIndicator, EventBusHealthModule } from 'nestjs-redis-event-bus/terminus';
import { openTelemetry } from 'nestjs-redis-event-bus/opentelemetry';
import {
  EventBusFaults,
  EventBusTestingModule,
  describeTransport as describeAsBefore,
} from 'nestjs-redis-event-bus/testing';

// Of scripts/check-package.mjs: every entry of the package, compiled as strictly as TypeScript can. An explicit undefined is the default.

const { REDIS_URL: url, EVENT_PREFIX: prefix } = process.env;
const handling: HandlerOptions = { timeoutMs: undefined, retry: undefined, deadLetter: undefined };
const options: EventBusModuleOptions = {
  transport: redis({ url, username: undefined, password: async () => 'token', heartbeat: undefined }),
  prefix,
  codec: undefined,
  startup: { timeoutMs: undefined, onFailure: undefined },
  handlerDefaults: handling,
};

class OrderNotifier {
  @OnEvent('orders:*', { bus: undefined, ...handling })
  notify(): void {}
}

@Module({ imports: [EventBusModule.forRoot({ ...options, name: undefined })], providers: [OrderNotifier] })
export class AppModule {}

export const testing = [EventBusTestingModule.forRoot({ transport: undefined }), EventBusFaults];
const documented = { info: { title: 'Orders', version: '1.0.0' }, publishes: undefined, servers: undefined };
export const asyncApi = [
  EventBusAsyncApi,
  EventBusAsyncApiModule.forRoot({ ...documented, path: 'asyncapi', access: 'loopback', guards: undefined }),
];
export const traces = openTelemetry({ parent: 'none', destinationName: undefined });
export const cluster = redisCluster({ nodes: ['redis://localhost:7000'], password: undefined });
export const strategy: MicroserviceOptions = {
  strategy: new EventBusServer({ transport: memory(), codec: undefined }),
};
export const client = new EventBusClient({ transport: memory(), requestTimeoutMs: undefined });
export const metrics = EventBusMetricsModule.forRoot({
  registry: { registerMetric: () => undefined },
  prefix: undefined,
  buckets: undefined,
  bus: undefined,
});
export const reporting = EventBusReportingModule.forRoot({
  service: undefined,
  payloads: 'preview',
  redact: (payload) => payload,
  channels: undefined,
  bus: undefined,
});
export const directory = new InstanceDirectory({ maxInstances: 100 });
export const health = EventBusHealthModule;
export const isUp = async (indicator: EventBusHealthIndicator): Promise<boolean> =>
  (await indicator.isHealthy('bus', { timeoutMs: undefined, maxGaps: undefined })).bus.status === 'up';
export const codec = cloudEvents({ source: '/orders', frames: undefined });
export const batchingOf = (transport: EventTransport): string => transport.batching ?? 'none';
export const describe: typeof describeAsBefore = describeTransport;

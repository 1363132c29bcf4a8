import { NotificationSent, type RedisPlace } from '@libs/shop-events';
import { type DynamicModule, Module, StandardSchemaValidationPipe } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { cloudEvents, EventBusModule, memory, type TransportFactory } from 'nestjs-redis-event-bus';
import { EventBusHealthModule } from 'nestjs-redis-event-bus/terminus';
import { EventBusAsyncApiModule } from 'nestjs-redis-event-bus/asyncapi';
import { openTelemetry } from 'nestjs-redis-event-bus/opentelemetry';
import { EventBusMetricsModule } from 'nestjs-redis-event-bus/prometheus';
import { EventBusReportingModule } from 'nestjs-redis-event-bus/reporting';
import { Registry } from 'prom-client';
import { HealthController } from './health.controller.js';
import { HttpEnd } from './http.end.js';
import { MetricsController } from './metrics.controller.js';
import { NotificationsModule } from './notifications/notifications.module.js';

/** Documents the events of this service, for developers on its machine: open /asyncapi. */
const ASYNC_API = {
  path: 'asyncapi',
  access: 'loopback',
  info: { title: 'Notifications', version: '1.0.0' },
  publishes: [NotificationSent],
} as const;

export interface AppModuleOptions {
  /** Where notifications are stored. By default in the memory of the process. */
  readonly redis?: RedisPlace | undefined;
  /** The delay of the simulated mail gateway. @default 0 */
  readonly notifyDelayMs?: number;
  /** The transport of the events. @default an in-process transport */
  readonly transport?: TransportFactory;
}

@Module({})
export class AppModule {
  static forRoot({ redis, notifyDelayMs = 0, transport = memory() }: AppModuleOptions = {}): DynamicModule {
    const registry = new Registry();
    return {
      module: AppModule,
      imports: [
        TerminusModule.forRoot({ logger: false }),
        EventBusHealthModule,
        EventBusModule.forRoot({
          transport,
          codec: cloudEvents({ source: '/notifications' }),
          observers: [openTelemetry()],
        }),
        EventBusMetricsModule.forRoot({ registry }),
        EventBusReportingModule.forRoot({ service: 'notifications', payloads: 'preview' }),
        NotificationsModule.forRoot({ redis, notifyDelayMs }),
        EventBusAsyncApiModule.forRoot(ASYNC_API),
      ],
      controllers: [HealthController, MetricsController],
      providers: [
        HttpEnd,
        { provide: Registry, useValue: registry },
        { provide: APP_PIPE, useClass: StandardSchemaValidationPipe },
      ],
    };
  }
}

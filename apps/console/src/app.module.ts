import { type RedisPlace, redisTransport } from '@libs/shop-events';
import { type DynamicModule, Module } from '@nestjs/common';
import { EventBusModule, cloudEvents, memory, type TransportFactory } from 'nestjs-redis-event-bus';
import { EventBusConsoleModule } from 'nestjs-redis-event-bus-console';
import { HealthController } from './health.controller.js';
import { HttpEnd } from './http.end.js';
import { PasswordGuard } from './password.guard.js';

export interface AppModuleOptions {
  readonly redis?: RedisPlace | undefined;
  /** @default the Redis at `redis`, or an in-process transport */
  readonly transport?: TransportFactory | undefined;
  /** Without it, only requests from this machine are answered. */
  readonly password?: string | undefined;
}

@Module({})
export class AppModule {
  static forRoot({ redis, transport, password }: AppModuleOptions = {}): DynamicModule {
    return {
      module: AppModule,
      imports: [
        EventBusModule.forRoot({
          transport: transport ?? (redis ? redisTransport(redis) : memory()),
          codec: cloudEvents({ source: '/console' }),
        }),
        EventBusConsoleModule.forRoot({
          title: 'Shop events',
          allowPublish: true,
          allowSubscribe: true,
          ...(password === undefined ? { access: 'loopback' } : { guards: [new PasswordGuard(password)] }),
        }),
      ],
      controllers: [HealthController],
      providers: [HttpEnd],
    };
  }
}

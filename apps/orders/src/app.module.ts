import { type RedisPlace, redisTransport } from '@libs/shop-events';
import { type DynamicModule, Module, StandardSchemaValidationPipe } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { EventBusModule, memory, type TransportFactory } from 'nestjs-redis-event-bus';
import { HealthController } from './health.controller.js';
import { HttpEnd } from './http.end.js';
import { OrdersModule } from './orders/orders.module.js';

export interface AppModuleOptions {
  /** Where orders are stored. By default in the memory of the process. */
  readonly redis?: RedisPlace | undefined;
  /** @default the Redis at `redis`, or an in-process transport */
  readonly transport?: TransportFactory | undefined;
}

@Module({})
export class AppModule {
  static forRoot({ redis, transport }: AppModuleOptions = {}): DynamicModule {
    return {
      module: AppModule,
      imports: [
        EventBusModule.forRoot({ transport: transport ?? (redis ? redisTransport(redis) : memory()) }),
        OrdersModule.forRoot({ redis }),
      ],
      controllers: [HealthController],
      providers: [HttpEnd, { provide: APP_PIPE, useClass: StandardSchemaValidationPipe }],
    };
  }
}

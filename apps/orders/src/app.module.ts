import { type DynamicModule, Module, StandardSchemaValidationPipe } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { EventBusModule, memory, redis, type TransportFactory } from 'nestjs-redis-event-bus';
import { HealthController } from './health.controller.js';
import { OrdersModule } from './orders/orders.module.js';

export interface AppModuleOptions {
  /** Where orders are stored. Without it, they live as long as the process. */
  readonly redisUrl?: string | undefined;
  /** @default Redis at `redisUrl`, or an in-process transport */
  readonly transport?: TransportFactory | undefined;
}

@Module({})
export class AppModule {
  static forRoot({ redisUrl, transport }: AppModuleOptions = {}): DynamicModule {
    return {
      module: AppModule,
      imports: [
        EventBusModule.forRoot({ transport: transport ?? (redisUrl ? redis({ url: redisUrl }) : memory()) }),
        OrdersModule.forRoot({ redisUrl }),
      ],
      controllers: [HealthController],
      providers: [{ provide: APP_PIPE, useClass: StandardSchemaValidationPipe }],
    };
  }
}

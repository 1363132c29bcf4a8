import { type DynamicModule, Module } from '@nestjs/common';
import { MemoryOrderStore } from './memory-order.store.js';
import { OrderStore } from './order.store.js';
import { OrdersController } from './orders.controller.js';
import { OrdersService } from './orders.service.js';
import { RedisOrderStore } from './redis-order.store.js';

@Module({})
export class OrdersModule {
  static forRoot({ redisUrl }: { readonly redisUrl: string | undefined }): DynamicModule {
    return {
      module: OrdersModule,
      controllers: [OrdersController],
      providers: [
        OrdersService,
        {
          provide: OrderStore,
          useFactory: () => (redisUrl ? new RedisOrderStore(redisUrl) : new MemoryOrderStore()),
        },
      ],
    };
  }
}

import { openRedis, type RedisPlace } from '@libs/shop-events';
import { type DynamicModule, Module } from '@nestjs/common';
import { MemoryOrderStore } from './memory-order.store.js';
import { OrderAnnouncer } from './order.announcer.js';
import { OrderStore } from './order.store.js';
import { OrdersController } from './orders.controller.js';
import { OrdersService } from './orders.service.js';
import { RedisOrderStore } from './redis-order.store.js';

@Module({})
export class OrdersModule {
  static forRoot({ redis }: { readonly redis: RedisPlace | undefined }): DynamicModule {
    return {
      module: OrdersModule,
      controllers: [OrdersController],
      providers: [
        OrdersService,
        OrderAnnouncer,
        {
          provide: OrderStore,
          useFactory: async () =>
            redis ? new RedisOrderStore(await openRedis(redis)) : new MemoryOrderStore(),
        },
      ],
    };
  }
}

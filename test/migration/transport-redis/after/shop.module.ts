import { Module } from '@nestjs/common';
import { ClientsModule } from '@nestjs/microservices';
import { redis } from 'nestjs-redis-event-bus';
import { EventBusClient, nestPacket } from 'nestjs-redis-event-bus/microservices';
import { connection } from './connection.js';
import { ShopService } from './shop.service.js';

@Module({
  imports: [
    ClientsModule.registerAsync([
      {
        name: 'BILLING',
        useFactory: () => ({
          customClass: EventBusClient,
          options: { transport: redis(connection()), codec: nestPacket() },
        }),
      },
    ]),
  ],
  providers: [ShopService],
})
export class ShopModule {}

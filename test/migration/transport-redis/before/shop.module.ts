import { Module } from '@nestjs/common';
import { ClientsModule, Transport } from '@nestjs/microservices';
import { connection } from './connection.js';
import { ShopService } from './shop.service.js';

@Module({
  imports: [
    ClientsModule.registerAsync([
      {
        name: 'BILLING',
        useFactory: () => ({
          transport: Transport.REDIS,
          options: { ...connection(), retryAttempts: 10, retryDelay: 500 },
        }),
      },
    ]),
  ],
  providers: [ShopService],
})
export class ShopModule {}

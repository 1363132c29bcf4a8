import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { EventBusModule, redis } from 'nestjs-redis-event-bus';

@Module({
  imports: [
    EventBusModule.forRootAsync({
      imports: [ConfigModule.forRoot()],
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        transport: redis({ url: config.getOrThrow<string>('REDIS_URL') }),
      }),
    }),
  ],
})
export class EventsModule {}

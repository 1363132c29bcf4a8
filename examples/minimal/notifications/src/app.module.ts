import { Injectable, Logger, Module } from '@nestjs/common';
import { type EventContext, EventBusModule, OnEvent, redis } from 'nestjs-redis-event-bus';

interface Order {
  id: string;
  total: number;
}

@Injectable()
export class OrderNotifier {
  private readonly logger = new Logger(OrderNotifier.name);

  @OnEvent('orders:*')
  notify(order: Order, event: EventContext) {
    this.logger.log(`${event.channel}: order ${order.id}, total ${order.total}`);
  }
}

@Module({
  imports: [EventBusModule.forRoot({ transport: redis({ url: 'redis://localhost:6379' }) })],
  providers: [OrderNotifier],
})
export class AppModule {}

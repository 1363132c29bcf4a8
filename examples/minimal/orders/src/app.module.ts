import { Body, Controller, Module, Post } from '@nestjs/common';
import { EventBusModule, EventBusPublisher, redis } from 'nestjs-redis-event-bus';

interface Order {
  id: string;
  total: number;
}

@Controller('orders')
export class OrdersController {
  constructor(private readonly publisher: EventBusPublisher) {}

  @Post()
  async create(@Body() order: Order) {
    const subscriptions = await this.publisher.publish('orders:created', order);
    return { id: order.id, subscriptions };
  }
}

@Module({
  imports: [EventBusModule.forRoot({ transport: redis({ url: 'redis://localhost:6379' }) })],
  controllers: [OrdersController],
})
export class AppModule {}

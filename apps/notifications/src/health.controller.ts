import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { EventBusStatus } from 'nestjs-redis-event-bus';

/** Whether this instance receives the orders' events: it cannot work without the bus. */
@Controller('health')
export class HealthController {
  constructor(private readonly bus: EventBusStatus) {}

  @Get()
  check(): { status: string } {
    const status = this.bus.current;
    if (status !== 'ready') throw new ServiceUnavailableException({ status });
    return { status };
  }
}

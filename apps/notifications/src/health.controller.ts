import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { EventBusStatus } from 'nestjs-redis-event-bus';
import { EventBusHealthIndicator } from 'nestjs-redis-event-bus/terminus';

/** Whether this instance receives the orders' events: it cannot work without the bus. */
@Controller('health')
export class HealthController {
  constructor(
    private readonly bus: EventBusStatus,
    private readonly health: HealthCheckService,
    private readonly eventBus: EventBusHealthIndicator,
  ) {}

  @Get()
  check(): { status: string } {
    const status = this.bus.current;
    if (status !== 'ready') throw new ServiceUnavailableException({ status });
    return { status };
  }

  /** Answers while the process does: restarting it does not repair Redis. */
  @Get('live')
  live(): { status: string } {
    return { status: 'ok' };
  }

  /** Whether this instance should get requests. */
  @Get('ready')
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.eventBus.isHealthy('event-bus', { whenDegraded: 'down' })]);
  }
}

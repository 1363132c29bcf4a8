import { Controller, Get } from '@nestjs/common';

@Controller('health')
export class HealthController {
  /** Answers while the process does. Without Redis, the page says so itself. */
  @Get()
  check(): { status: string } {
    return { status: 'ok' };
  }
}

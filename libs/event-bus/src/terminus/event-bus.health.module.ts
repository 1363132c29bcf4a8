import { Module } from '@nestjs/common';
import { EventBusHealthIndicator } from './event-bus.health.indicator.js';
import { requireTerminus } from './terminus.peer.js';

requireTerminus();

/**
 * Provides {@link EventBusHealthIndicator}, beside the `TerminusModule` of `@nestjs/terminus`. Importing this entry without that
 * package, or with a version before 12, throws a ConfigurationError that says what to install.
 */
@Module({ providers: [EventBusHealthIndicator], exports: [EventBusHealthIndicator] })
export class EventBusHealthModule {}

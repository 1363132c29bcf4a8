import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { ConfigurationError } from '../index.js';
import { reasonOf } from '../errors.js';
import { DEFAULT_BUS } from '../module/event-bus.constants.js';
import { healthProblem } from './health.options.js';
import type { EventBusHealthOptions } from './health.options.js';
import type { EventBusHealth, EventBusHealthResult } from './health.result.js';
import { WatchedBuses } from './watched.buses.js';

/** The health of a bus, for a readiness probe with `@nestjs/terminus`. */
@Injectable()
export class EventBusHealthIndicator implements OnModuleInit {
  private readonly buses: WatchedBuses;

  constructor(modules: ModulesContainer, references: ModuleRef) {
    this.buses = new WatchedBuses(modules, references);
  }

  /**
   * Finds the buses of the application. Called by Nest.
   * @throws ConfigurationError when there is none
   */
  onModuleInit(): void {
    this.buses.find();
    if (this.buses.names.length > 0 || this.buses.hasOwners()) return;
    throw new ConfigurationError([
      'EventBusHealthModule finds no bus. Import EventBusModule.forRoot({ transport: redis() }) as well, connect an EventBusServer before the application starts, or provide an EventBusClient.',
    ]);
  }

  /**
   * Resolves with `up` while the bus is ready and Redis answers; with `degraded` (or what `whenDegraded` says) while it is degraded,
   * gets no answer, or had too many gaps; with `down` while it is connecting or closed, for wrong arguments, and for a bus that
   * does not exist. Never rejects. Redis is asked at most once a second, however many probes there are.
   *
   * @example this.health.check([() => this.eventBus.isHealthy('event-bus')])
   * @example this.health.check([() => this.eventBus.isHealthy('rpc', { bus: server })]) // an EventBusServer
   */
  async isHealthy<const Key extends string>(
    key: Key,
    options: EventBusHealthOptions = {},
  ): Promise<EventBusHealthResult<Key>> {
    const health = await this.judge(key, options).catch((error: unknown): EventBusHealth => ({
      status: 'down',
      reason: reasonOf(error),
    }));
    return {
      [typeof key === 'string' && key !== '' ? key : 'event-bus']: health,
    } as EventBusHealthResult<Key>;
  }

  private async judge(key: string, options: EventBusHealthOptions): Promise<EventBusHealth> {
    const problem = healthProblem(key, options);
    if (problem !== undefined) return { status: 'down', reason: problem };
    const { bus = DEFAULT_BUS } = options;
    if (typeof bus !== 'string') return this.buses.of(bus).judge(options);
    const watched = this.buses.get(bus);
    if (watched !== undefined) return watched.judge(options);
    const { names } = this.buses;
    const advice =
      names.length > 0
        ? `The application has: ${names.join(', ')}.`
        : 'No module of the application has a bus. Write { bus: server } for that of an EventBusServer.';
    return { status: 'down', reason: `there is no bus "${bus}". ${advice}` };
  }
}

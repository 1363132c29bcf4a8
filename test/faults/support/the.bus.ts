import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { EventBusModuleOptions, Gap, RedisTransportOptions } from 'nestjs-redis-event-bus';
import {
  EventBusInspector,
  EventBusModule,
  EventBusPublisher,
  EventBusStatus,
  EventBusSubscriber,
  OnEvent,
  redis,
} from 'nestjs-redis-event-bus';
import { LogLines } from '../../support/log.lines.js';
import type { Contender } from './contender.js';
import { HEARTBEAT } from './deadlines.js';
import { handlerClass } from './handler.class.js';

/** This package in a Nest application. */
export function theBus(
  options: Omit<Partial<EventBusModuleOptions>, 'transport'> = {},
  redisOptions: Omit<RedisTransportOptions, 'client'> = {},
): Contender {
  return {
    name: 'the bus',
    async start({ url, handlers = [], endLater }) {
      const log = new LogLines();
      @Module({
        imports: [
          EventBusModule.forRoot({
            ...options,
            transport: redis({ heartbeat: HEARTBEAT, ...redisOptions, url }),
          }),
        ],
        providers: [handlerClass(handlers, OnEvent)],
      })
      class Service {}
      const app = await NestFactory.createApplicationContext(Service, { logger: log, abortOnError: false });
      const publisher = app.get(EventBusPublisher);
      const inspector = app.get(EventBusInspector);
      const status = app.get(EventBusStatus);
      let closing: Promise<void> | undefined;
      const close = () => (closing ??= app.close());
      endLater(close);
      const gaps: Gap[] = [];
      status.gaps.subscribe((gap) => gaps.push(gap));
      return {
        gaps,
        log,
        isReady: () => status.current === 'ready',
        report: () => [JSON.stringify(inspector.snapshot()), ...log.texts].join('\n'),
        publish: (channel, payload) => publisher.publish(channel, payload),
        close,
        bus: { publisher, inspector, status, subscriber: app.get(EventBusSubscriber) },
      };
    },
  };
}

import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type {
  EventBusModuleOptions,
  Gap,
  RedisClusterTransportOptions,
  RedisTransportOptions,
  TransportFactory,
} from 'nestjs-redis-event-bus';
import {
  EventBusInspector,
  EventBusModule,
  EventBusPublisher,
  EventBusStatus,
  EventBusSubscriber,
  OnEvent,
  redis,
  redisCluster,
} from 'nestjs-redis-event-bus';
import { filter } from 'rxjs';
import { LogLines } from '../../support/log.lines.js';
import type { Contender } from './contender.js';
import { HEARTBEAT } from './deadlines.js';
import { handlerClass } from './handler.class.js';

type OwnRedisOptions = Omit<Extract<RedisTransportOptions, { readonly client?: undefined }>, 'client'>;
type OwnClusterOptions = Extract<RedisClusterTransportOptions, { readonly client?: undefined }>;
type BusOptions = Omit<Partial<EventBusModuleOptions>, 'transport'>;

/** This package in a Nest application. */
export function theBus(options: BusOptions = {}, redisOptions: OwnRedisOptions = {}): Contender {
  return busOver((url) => redis({ heartbeat: HEARTBEAT, ...redisOptions, url }), options);
}

/** The same on a Cluster, whatever the URL of the stage is. */
export function theBusOnCluster(
  nodes: readonly string[],
  kind: 'channel' | 'shard',
  options: BusOptions = {},
  clusterOptions: Pick<OwnClusterOptions, 'natMap' | 'heartbeat'> = {},
): Contender {
  const cluster: RedisClusterTransportOptions = { nodes, heartbeat: HEARTBEAT, ...clusterOptions };
  return busOver(() => redisCluster(cluster), options, kind);
}

/** @param kind of all that is subscribed to and published, where targets do not tell */
function busOver(
  transportAt: (url: string) => TransportFactory,
  options: BusOptions,
  kind?: 'channel' | 'shard',
): Contender {
  const subscribeTo = (targets: readonly string[]) => OnEvent(targets, kind && { kind });
  return {
    name: 'the bus',
    async start({ url, handlers = [], endLater }) {
      const log = new LogLines();
      @Module({
        imports: [EventBusModule.forRoot({ ...options, transport: transportAt(url) })],
        providers: [handlerClass(handlers, subscribeTo)],
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
        onUnready: (listener) => {
          status.changes.pipe(filter((state) => state !== 'ready')).subscribe(listener);
        },
        report: () => [JSON.stringify(inspector.snapshot()), ...log.texts].join('\n'),
        publish: (channel, payload) => publisher.publish(channel, payload, kind && { kind }),
        close,
        bus: { publisher, inspector, status, subscriber: app.get(EventBusSubscriber) },
      };
    },
  };
}

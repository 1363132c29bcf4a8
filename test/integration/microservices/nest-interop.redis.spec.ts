import { Controller } from '@nestjs/common';
import type { RedisContext } from '@nestjs/microservices';
import { ClientRedis, Ctx, MessagePattern, Payload, RpcException, Transport } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { Injectable } from '@nestjs/common';
import type { EventContext } from 'nestjs-redis-event-bus';
import { EventBusModule, EventBusPublisher, OnEvent, redis } from 'nestjs-redis-event-bus';
import { nestPacket } from 'nestjs-redis-event-bus/microservices';
import type { Observable } from 'rxjs';
import { from, lastValueFrom, toArray } from 'rxjs';
import { eventually } from '../../support/eventually.js';
import { Inbox } from '../../support/inbox.js';
import { isNest11, itOnNest12 } from '../../support/nest.major.js';
import { RedisServer } from '../../support/redis.server.js';
import { EventPattern } from './support/event-pattern.js';
import { MicroserviceApps, inAnyOrder } from './support/microservice.apps.js';

let redisServer: RedisServer;
beforeAll(async () => {
  redisServer = await RedisServer.start();
});
afterAll(() => redisServer.stop());

const apps = new MicroserviceApps(() => redis({ url: redisServer.url }));
const seen = new Inbox<unknown>();
beforeEach(() => seen.clear());

/** Nest 11 hands on no metadata. */
const metadataOf = (context: Partial<RedisContext>): unknown => context.getMetadata?.();

@Controller()
class Service {
  @MessagePattern('sum')
  sum(@Payload() numbers: number[]): number {
    return numbers.reduce((a, b) => a + b, 0);
  }

  @MessagePattern({ cmd: 'count', to: { step: 1 } })
  count(@Payload() to: number): Observable<number> {
    return from(Array.from({ length: to }, (_, index) => index + 1));
  }

  @MessagePattern('nothing')
  nothing(): void {}

  @MessagePattern('refuse')
  refuse(): never {
    throw new RpcException('Not today');
  }

  @MessagePattern('explain')
  explain(): never {
    throw new RpcException({ code: 42, message: 'Because' });
  }

  @MessagePattern('fail')
  fail(): never {
    throw new Error('secret');
  }

  @MessagePattern('where')
  where(@Payload() data: unknown, @Ctx() context: RedisContext): unknown {
    return { data, channel: context.getChannel(), metadata: metadataOf(context) ?? null };
  }

  @EventPattern('noted')
  noted(@Payload() note: unknown, @Ctx() context: RedisContext): void {
    seen.push([context.getChannel(), note, metadataOf(context)]);
  }

  @EventPattern({ event: 'noted', version: 1 })
  notedToo(@Payload() note: unknown): void {
    seen.push(['object', note]);
  }
}

const subscribed = (...channels: string[]) =>
  eventually(async () =>
    expect(await redisServer.cli('PUBSUB', 'NUMSUB', ...channels)).toEqual(
      channels.flatMap((channel) => [channel, 1]),
    ),
  );

function nestClient(options: object = {}): ClientRedis {
  const client = new ClientRedis({ host: '127.0.0.1', port: redisServer.port, ...options });
  apps.closeLater(() => client.close());
  return client;
}

async function nestServer(options: object = {}): Promise<void> {
  const testing = await Test.createTestingModule({ controllers: [Service] })
    .setLogger(apps.log)
    .compile();
  const app = testing.createNestMicroservice({
    transport: Transport.REDIS,
    options: { host: '127.0.0.1', port: redisServer.port, ...options },
  });
  apps.closeLater(() => app.close());
  await app.listen();
}

describe.each([
  ["our server and Nest's client", () => apps.serve({ controllers: [Service] }), () => nestClient()],
  ["Nest's server and our client", () => nestServer(), () => apps.client()],
  // The control: what the two promise to be like.
  ["Nest's server and Nest's client", () => nestServer(), () => nestClient()],
])('%s', (_name, serve, connect) => {
  beforeEach(async () => {
    await serve();
    // Nest's server says that it listens before its subscriptions are confirmed.
    await subscribed('sum', 'noted', '{"event":"noted","version":1}');
  });

  it('agree on requests, with string and object patterns', async () => {
    const client = connect();
    expect(await lastValueFrom(client.send('sum', [1, 2, 3]))).toBe(6);
    const counted = client.send({ to: { step: 1 }, cmd: 'count' }, 4).pipe(toArray());
    expect(await lastValueFrom(counted)).toEqual([1, 2, 3, 4]);
    expect(await lastValueFrom(client.send('nothing', {}), { defaultValue: 'nothing came' })).toBe(
      'nothing came',
    );
  });

  it('agree on errors', async () => {
    const client = connect();
    await expect(lastValueFrom(client.send('refuse', {}))).rejects.toEqual({
      status: 'error',
      message: 'Not today',
    });
    await expect(lastValueFrom(client.send('explain', {}))).rejects.toEqual({ code: 42, message: 'Because' });
    await expect(lastValueFrom(client.send('fail', {}))).rejects.toEqual({
      status: 'error',
      message: 'Internal server error',
    });
    expect(apps.log.troubles).toEqual(['Error: secret']);
  });

  it('agree on events, with string and object patterns', async () => {
    const client = connect();
    await lastValueFrom(client.emit('noted', { id: 1 }));
    await lastValueFrom(client.emit({ version: 1, event: 'noted' }, { id: 2 }));
    expect(inAnyOrder(await seen.count(2))).toEqual(
      inAnyOrder([
        ['noted', { id: 1 }, undefined],
        ['object', { id: 2 }],
      ]),
    );
  });

  itOnNest12('its clients have no setOnDispatchHook')('agree on metadata', async () => {
    const client = connect();
    client.setOnDispatchHook((packet) => {
      packet.metadata = { tenant: 'acme' };
    });
    expect(await lastValueFrom(client.send('where', 1))).toEqual({
      data: 1,
      channel: 'where',
      metadata: { tenant: 'acme' },
    });
    await lastValueFrom(client.emit('noted', 2));
    expect(await seen.count(1)).toEqual([['noted', 2, { tenant: 'acme' }]]);
  });

  it('agree on many requests at once', async () => {
    const client = connect();
    const sums = Array.from({ length: 50 }, (_, n) => lastValueFrom(client.send<number>('sum', [n, 1])));
    expect(await Promise.all(sums)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
  });
});

describe("our client, to whose packets an observer adds metadata, and Nest's server", () => {
  it('agree on requests and events', async () => {
    await nestServer();
    await subscribed('sum', 'noted');
    const client = apps.client({
      observers: [{ aroundPublish: (_publish, next) => next({ traceparent: '00-1' }, () => undefined) }],
    });
    expect(await lastValueFrom(client.send('sum', [1, 2, 3]))).toBe(6);
    await lastValueFrom(client.emit('noted', 1), { defaultValue: undefined });
    expect(await seen.count(1)).toEqual([['noted', 1, isNest11 ? undefined : { traceparent: '00-1' }]]);
  });
});

describe("our client and Nest's server with wildcards", () => {
  it('agree on requests and events', async () => {
    await nestServer({ wildcards: true });
    await eventually(async () => expect(await redisServer.cli('PUBSUB', 'NUMPAT')).toBe(9));
    const client = apps.client();
    expect(await lastValueFrom(client.send('sum', [1, 2, 3]))).toBe(6);
    await lastValueFrom(client.emit('noted', 1));
    expect(await seen.count(1)).toEqual([['noted', 1, undefined]]);
  });
});

describe('EventBusModule with nestPacket()', () => {
  @Injectable()
  class Notifier {
    @OnEvent('*')
    all(payload: unknown, event: EventContext): void {
      seen.push([event.channel, payload, { ...event.metadata }]);
    }
  }
  const start = async () => {
    const testing = await Test.createTestingModule({
      imports: [EventBusModule.forRoot({ transport: redis({ url: redisServer.url }), codec: nestPacket() })],
      providers: [Notifier],
    })
      .setLogger(apps.log)
      .compile();
    const app = await testing.createNestApplication().init();
    apps.closeLater(() => app.close());
    return app.get(EventBusPublisher);
  };

  it("publishes what Nest's services handle", async () => {
    await nestServer();
    await subscribed('noted');
    const publisher = await start();
    await publisher.publish('noted', { id: 1 });
    expect(inAnyOrder(await seen.count(2))).toEqual(
      inAnyOrder([
        ['noted', { id: 1 }, undefined],
        ['noted', { id: 1 }, {}],
      ]),
    );
  });

  it("hands on the data of Nest's events and requests, and no replies", async () => {
    await apps.serve({ controllers: [Service] });
    const publisher = await start();
    const client = nestClient();
    await lastValueFrom(client.emit('news', { id: 1 }));
    expect(await lastValueFrom(client.send('sum', [1, 2]))).toBe(3);
    await redisServer.cli('PUBLISH', 'foreign', '{"pattern":"foreign","data":1,"type":"x"}');
    await publisher.publish('end', {});
    expect(await seen.upTo((item) => (item as unknown[])[0] === 'end')).toEqual([
      ['news', { id: 1 }, {}],
      ['sum', [1, 2], {}],
      ['foreign', { pattern: 'foreign', data: 1, type: 'x' }, {}],
      ['end', {}, {}],
    ]);
    expect(apps.log.troubles).toEqual([]);
  });

  itOnNest12('its clients have no setOnDispatchHook')(
    "hands on the metadata of Nest's events and requests",
    async () => {
      await apps.serve({ controllers: [Service] });
      await start();
      const client = nestClient();
      client.setOnDispatchHook((packet) => {
        packet.metadata = { traceparent: '00-1-2-03' };
      });
      await lastValueFrom(client.emit('news', { id: 1 }));
      await lastValueFrom(client.send('sum', [1, 2]));
      expect(await seen.count(2)).toEqual([
        ['news', { id: 1 }, { traceparent: '00-1-2-03' }],
        ['sum', [1, 2], { traceparent: '00-1-2-03' }],
      ]);
    },
  );
});

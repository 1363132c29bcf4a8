import { Controller, Injectable } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import {
  EventBusInspector,
  EventBusModule,
  OnEvent,
  defineEvent,
  memory,
  memoryBroker,
} from 'nestjs-redis-event-bus';
import { EventBusAsyncApi, EventBusAsyncApiModule } from 'nestjs-redis-event-bus/asyncapi';
import type { EventBusServer } from 'nestjs-redis-event-bus/microservices';
import { packetCodec } from 'nestjs-redis-event-bus/microservices';
import request from 'supertest';
import { z } from 'zod';
import { EventPattern } from '../microservices/support/event-pattern.js';
import { MicroserviceApps } from '../microservices/support/microservice.apps.js';
import type { Json } from './support/document.problems.js';
import { copyOf, parserErrors, problemsIn } from './support/document.problems.js';

const info = { title: 'Shop', version: '1.0.0' };
const OrderCreated = defineEvent('orders:<orderId>:created', z.object({ total: z.number() }));

@Injectable()
class Handlers {
  @OnEvent(OrderCreated)
  bill(): void {}

  @OnEvent('news')
  read(): void {}
}

@Controller()
class Prices {
  @MessagePattern('price')
  price(): number {
    return 1;
  }

  @MessagePattern('price:<productId>')
  priceOf(): number {
    return 1;
  }

  @MessagePattern('stock.*')
  stock(): number {
    return 1;
  }

  @MessagePattern({ cmd: 'sum' })
  sum(): number {
    return 1;
  }

  @EventPattern('news')
  hear(): void {}

  @EventPattern(['moved', 'moved.*'])
  move(): void {}
}

describe('the AsyncAPI document of an application with an EventBusServer', () => {
  const broker = memoryBroker();
  const transport = () => memory({ broker });
  const apps = new MicroserviceApps(transport);
  const asyncApi = (options = {}) =>
    EventBusAsyncApiModule.forRoot({ path: 'docs', access: 'loopback', info, ...options });

  async function hybrid(server: Parameters<typeof apps.hybrid>[1] = {}) {
    return apps.hybrid(
      {
        imports: [EventBusModule.forRoot({ transport: transport(), prefix: 'shop:' }), asyncApi()],
        controllers: [Prices],
        providers: [Handlers],
      },
      { server: { prefix: 'shop:' }, ...server },
    );
  }

  it('is valid, and whole by our own checks', async () => {
    const document = EventBusAsyncApi.document(await hybrid(), { info, publishes: [OrderCreated] });
    expect(await parserErrors(document)).toEqual([]);
    expect(problemsIn(document)).toEqual([]);
  });

  it('has a receive for each handler and each pattern, and the channel of the replies to requests', async () => {
    const { channels, operations } = EventBusAsyncApi.document(await hybrid(), { info });
    const nameOf = ({ $ref }: { readonly $ref: string }) => {
      const { address, 'x-redis-pubsub': pubSub } = channels[$ref.replace('#/channels/', '')]!;
      return address ?? `${pubSub.kind} ${pubSub.name}`;
    };
    const shown = Object.entries(operations).map(([id, { action, channel, reply }]) =>
      [action, id, nameOf(channel), ...(reply === undefined ? [] : [nameOf(reply.channel)])].join(' | '),
    );
    expect(shown).toEqual([
      'receive | Handlers.bill | shop:orders:{orderId}:created',
      'receive | Handlers.read | shop:news',
      'receive | EventPattern.news | shop:news',
      'receive | EventPattern.moved.moved.any.moved | shop:moved',
      'receive | EventPattern.moved.moved.any.moved.any | pattern shop:moved.*',
      'receive | MessagePattern.price | shop:price | shop:price.reply',
      'receive | MessagePattern.cmd.sum | channel shop:{"cmd":"sum"} | channel shop:{"cmd":"sum"}.reply',
      'receive | MessagePattern.price.productId | shop:price:{productId} | shop:price:{productId}.reply',
      'receive | MessagePattern.stock.any | pattern shop:stock.* | pattern shop:stock.*.reply',
    ]);
  });

  it('says what requests, replies and events of Nest are like, beside the messages of the other codec', async () => {
    const document = EventBusAsyncApi.document(await hybrid(), { info });
    const { messages, schemas } = document.components;
    expect(messages['Request']).toMatchObject({
      contentType: 'application/json',
      payload: { allOf: [{ $ref: '#/components/schemas/NestPacket' }, { required: ['id'] }] },
    });
    expect(messages['Reply']?.payload).toMatchObject({
      properties: { response: {}, err: {}, isDisposed: {} },
    });
    expect(schemas['NestPacket']).toMatchObject({ required: ['pattern', 'data'] });
    expect(document.operations['MessagePattern.price']).toMatchObject({
      messages: [{ $ref: '#/channels/price/messages/Request' }],
      reply: { messages: [{ $ref: '#/channels/price.reply/messages/Reply' }] },
    });
    // The plain JSON of the module, and the packet of the server.
    const news = Object.values(document.channels['news']?.messages ?? {});
    const payloads = news.map(({ $ref }) => messages[$ref.replace('#/components/messages/', '')]?.payload);
    expect(payloads).toEqual([{}, { $ref: '#/components/schemas/NestPacket' }]);
    expect(document.defaultContentType).toBe('application/json');
    expect(document['x-event-bus']).toEqual({
      bus: 'default',
      codec: 'json',
      prefix: 'shop:',
      servers: [{ bus: 'default', codec: 'nest-packet', prefix: 'shop:' }],
    });
  });

  it.each<[string, (document: Record<string, Record<string, Json>>) => void]>([
    ['a request without a reply', ({ operations }) => delete operations!['MessagePattern.price']!['reply']],
    [
      'a reply on the channel of the request',
      ({ operations, channels }) => {
        const { channel } = operations!['MessagePattern.price']!;
        operations!['MessagePattern.price']!['reply'] = {
          channel,
          messages: [{ $ref: Object.keys(channels!['price']!['messages'] as Json)[0] }],
        };
      },
    ],
    [
      'a reply with the message of another channel',
      ({ operations }) => {
        const reply = operations!['MessagePattern.price']!['reply'] as Json;
        reply['messages'] = operations!['MessagePattern.price']!['messages'];
      },
    ],
    [
      'a lost reply channel',
      ({ channels }) => {
        delete channels!['price.reply'];
      },
    ],
    [
      'an event with a reply',
      ({ operations }) => {
        operations!['EventPattern.news']!['reply'] = operations!['MessagePattern.price']!['reply'];
      },
    ],
    [
      'a pattern twice',
      ({ operations }) => {
        operations!['again'] = operations!['MessagePattern.price']!;
      },
    ],
    [
      'the prefix left out of the reply channel',
      ({ channels }) => {
        (channels!['price.reply']!['x-redis-pubsub'] as Json)['name'] = 'price.reply';
      },
    ],
  ])('is not whole with %s', async (_what, breakIt) => {
    const document = copyOf(EventBusAsyncApi.document(await hybrid(), { info }));
    breakIt(document);
    expect(problemsIn(document)).not.toEqual([]);
  });

  it('is served with the patterns of servers that are connected after the providers were created', async () => {
    const app = await hybrid();
    const { body } = (await request(app.getHttpServer()).get('/docs.json').expect(200)) as { body: object };
    expect(body).toEqual(JSON.parse(JSON.stringify(EventBusAsyncApi.document(app, { info }))));
    expect(body).toMatchObject({ operations: { 'MessagePattern.price': { reply: {} } } });
  });

  it('has one operation for two methods that say the same', async () => {
    @Controller()
    class Again {
      @EventPattern('news')
      again(): void {}

      @EventPattern('news')
      andAgain(): void {}
    }
    const { app } = await apps.serve({ controllers: [Again] });
    const document = EventBusAsyncApi.document(app, { info });
    expect(Object.keys(document.operations)).toEqual(['EventPattern.news']);
    expect(problemsIn(document)).toEqual([]);
  });

  it('describes an application that is nothing but a server', async () => {
    const { app } = await apps.serve({ controllers: [Prices] }, { name: 'rpc' });
    const document = EventBusAsyncApi.document(app, { info, publishes: [OrderCreated] });
    expect(problemsIn(document)).toEqual([]);
    expect(document['x-event-bus']).toEqual({ bus: 'rpc', codec: 'nest-packet', prefix: '' });
    expect(document.components.messages['orders.orderId.created']?.payload).toMatchObject({
      allOf: [{ $ref: '#/components/schemas/NestPacket' }, { required: ['data'] }],
    });
  });

  it('serves an application that has a server, and no module', async () => {
    const app = await apps.hybrid({ imports: [asyncApi()], controllers: [Prices] });
    const { body } = (await request(app.getHttpServer()).get('/docs.json').expect(200)) as { body: object };
    expect(body).toMatchObject({ operations: { 'MessagePattern.price': { reply: {} } } });
  });

  it('describes one bus alone where that is named', async () => {
    const app = await hybrid({ server: { name: 'rpc' } });
    const of = (bus: string) => Object.keys(EventBusAsyncApi.document(app, { info, bus }).operations);
    expect(of('rpc')).toContain('MessagePattern.price');
    expect(of('rpc')).not.toContain('Handlers.read');
    expect(of('default')).toEqual(['Handlers.bill', 'Handlers.read']);
    expect(() => of('none')).toThrow(/no bus named "none"/);
  });

  it('has no payload for requests of a codec that it does not know', async () => {
    const codec = packetCodec({
      name: 'mine',
      encodePacket: (packet) => JSON.stringify(packet),
      decodePacket: () => ({ type: 'event', pattern: 'news', data: 1 }),
    });
    const { app } = await apps.serve({ controllers: [Prices] }, { codec });
    const document = EventBusAsyncApi.document(app, { info });
    expect(problemsIn(document)).toEqual([]);
    expect(document.components.messages['Request']).toEqual({
      name: 'Request',
      description: expect.stringContaining('A request'),
      payload: {},
    });
    expect(document).not.toHaveProperty('defaultContentType');
  });

  it('says on which servers a channel is, where the buses are on different ones', async () => {
    const at = (inspector: EventBusInspector, address: string) => {
      const description = inspector.describe();
      inspector.describe = () => ({ ...description, transport: { name: 'redis', address } });
    };
    const servers: EventBusServer[] = [];
    const app = await hybrid({ connected: (_microservice, server) => servers.push(server) });
    at(app.get(EventBusInspector), 'a:6379');
    at(servers[0]!.inspector, 'b:6379');
    const document = EventBusAsyncApi.document(app, { info });
    expect(await parserErrors(document)).toEqual([]);
    expect(problemsIn(document)).toEqual([]);
    expect(document.servers).toMatchObject({ 'redis-1': { host: 'a:6379' }, 'redis-2': { host: 'b:6379' } });
    const news = Object.values(document.channels).filter(({ address }) => address === 'shop:news');
    expect(news.map((channel) => channel.servers)).toEqual([
      [{ $ref: '#/servers/redis-1' }],
      [{ $ref: '#/servers/redis-2' }],
    ]);
    at(servers[0]!.inspector, 'a:6379');
    const together = EventBusAsyncApi.document(app, { info });
    expect(together.servers).toEqual({ redis: { host: 'a:6379', protocol: 'redis' } });
    expect(JSON.stringify(together.channels)).not.toContain('servers');
  });
});

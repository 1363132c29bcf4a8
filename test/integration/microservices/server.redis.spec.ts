import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { Redis } from 'ioredis';
import { StartupError, redis } from 'nestjs-redis-event-bus';
import { EventBusServer } from 'nestjs-redis-event-bus/microservices';
import { lastValueFrom } from 'rxjs';
import { eventually } from '../../support/eventually.js';
import { freePort } from '../../support/free.port.js';
import { Inbox } from '../../support/inbox.js';
import { RedisServer } from '../../support/redis.server.js';
import { EventPattern } from './support/event-pattern.js';
import { MicroserviceApps, inAnyOrder } from './support/microservice.apps.js';
import { describeServerPromises, gate } from './support/server.promises.js';

let redisServer: RedisServer;
beforeAll(async () => {
  redisServer = await RedisServer.start();
});
afterAll(() => redisServer.stop());

const subscribers = async (channel: string) =>
  ((await redisServer.cli('PUBSUB', 'NUMSUB', channel)) as [string, number])[1];
const connections = async () =>
  String(await redisServer.cli('CLIENT', 'LIST'))
    .split('\n')
    // One is the connection that asks.
    .filter(Boolean).length - 1;
const urlOf = (user: string) => `redis://${user}:secret@127.0.0.1:${redisServer.port}`;

describe('EventBusServer on redis()', () => {
  describeServerPromises(() => redis({ url: redisServer.url }));
});

describe('EventBusServer', () => {
  const apps = new MicroserviceApps(() => redis({ url: redisServer.url }));
  const seen = new Inbox<unknown>();
  beforeEach(() => seen.clear());

  @Controller()
  class Service {
    @EventPattern('orders.*')
    handle(order: unknown): void {
      seen.push(order);
    }

    @EventPattern('noted')
    noted(note: unknown): void {
      seen.push(note);
    }

    @MessagePattern({ cmd: 'echo' })
    echo(data: unknown): unknown {
      return data;
    }
  }

  it('listens once Redis has confirmed every subscription', async () => {
    await apps.serve({ controllers: [Service] });
    expect(await redisServer.cli('PUBLISH', 'orders.created', '{"id":1}')).toBe(1);
    expect(await redisServer.cli('PUBLISH', 'noted', '2')).toBe(1);
    expect(await subscribers('{"cmd":"echo"}')).toBe(1);
    expect(inAnyOrder(await seen.count(2))).toEqual(inAnyOrder([2, { id: 1 }]));
  });

  it('fails to listen with the patterns that Redis refuses, and leaves nothing open', async () => {
    await redisServer.cli('ACL', 'SETUSER', ...'narrow on >secret resetchannels &noted +@all'.split(' '));
    const before = await connections();
    const { app } = await apps.create(
      { controllers: [Service] },
      { transport: redis({ url: urlOf('narrow') }) },
    );
    const error = await app.listen().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StartupError);
    const { message } = error as StartupError;
    expect(message).toMatch(/"orders\.\*": NOPERM.*\(patterns: @EventPattern\('orders\.\*'\)\)/);
    expect(message).toMatch(/NOPERM.*\(patterns: @MessagePattern\(\{"cmd":"echo"\}\)\)/);
    expect(message).not.toContain("'noted'");
    await eventually(async () => expect(await connections()).toBe(before));
  });

  it('fails to listen when there is no Redis, and leaves nothing open', async () => {
    const port = await freePort();
    const transport = redis({ url: `redis://127.0.0.1:${port}` });
    const { app } = await apps.create({ controllers: [Service] }, { transport, startup: { timeoutMs: 100 } });
    await expect(app.listen()).rejects.toThrow(
      new RegExp(`No connection to redis at 127.0.0.1:${port} within 100 ms .*connect ECONNREFUSED`),
    );
  });

  it("listens without Redis with onFailure: 'retry', and handles as soon as it is there", async () => {
    const port = await freePort();
    const transport = () => redis({ url: `redis://127.0.0.1:${port}` });
    const { app, server } = await apps.create(
      { controllers: [Service] },
      { transport: transport(), startup: { timeoutMs: 50, onFailure: 'retry' } },
    );
    const words: string[] = [];
    server.status.subscribe((word) => words.push(word));
    await app.listen();
    expect(words).toEqual(['reconnecting']);
    const late = await RedisServer.start({ port });
    apps.closeLater(() => late.stop());
    await eventually(() => expect(words).toEqual(['reconnecting', 'connected']));
    const client = apps.client({ transport: transport() });
    expect(await lastValueFrom(client.send({ cmd: 'echo' }, 1))).toBe(1);
    await client.close();
    await app.close();
  });

  it('comes back after a lost connection, and says so', async () => {
    const { server } = await apps.serve({ controllers: [Service] });
    const words: string[] = [];
    for (const word of ['connected', 'reconnecting', 'disconnected'] as const) {
      server.on(word, () => words.push(word));
    }
    await redisServer.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await eventually(() => expect(words).toEqual(['reconnecting', 'connected']));
    expect(await redisServer.cli('PUBLISH', 'orders.created', '1')).toBe(1);
    expect(await seen.count(1)).toEqual([1]);
  });

  it('unwraps to the clients of ioredis, the one that publishes first', async () => {
    const { server } = await apps.serve({ controllers: [Service] });
    const [publisher, subscriber] = server.unwrap<[Redis, Redis]>();
    expect(publisher).toBeInstanceOf(Redis);
    expect(subscriber).toBeInstanceOf(Redis);
    expect(await publisher.publish('noted', '1')).toBe(1);
    expect(await seen.count(1)).toEqual([1]);
  });

  it('logs once why a reply could not be sent', async () => {
    await redisServer.cli('ACL', 'SETUSER', ...'mute on >secret allchannels +@all -publish'.split(' '));
    @Controller()
    class Streaming {
      @MessagePattern('numbers')
      async *numbers(): AsyncGenerator<number> {
        yield 1;
        yield Promise.resolve(2);
      }

      @MessagePattern('echo')
      echo(data: unknown): unknown {
        seen.push(data);
        return data;
      }
    }
    await apps.serve({ controllers: [Streaming] }, { transport: redis({ url: urlOf('mute') }) });
    const asked = apps.client().send('echo', 1).subscribe();
    await seen.count(1);
    await eventually(() =>
      expect(apps.log.troubles).toEqual([
        expect.stringMatching(/A handler failed \(.*channel="echo" error="PublishRefusedError: .*NOPERM/),
      ]),
    );
    asked.unsubscribe();
  });

  it('takes nothing new while it waits for the handlers to finish', async () => {
    const held = gate();
    @Controller()
    class Slow {
      @EventPattern('slow')
      async slow(data: unknown): Promise<void> {
        seen.push(data);
        await held.passed;
        seen.push('done');
      }
    }
    const { server } = await apps.serve({ controllers: [Slow] });
    await redisServer.cli('PUBLISH', 'slow', '1');
    await seen.count(1);
    const closing = server.close();
    await eventually(async () => expect(await subscribers('slow')).toBe(0));
    held.open();
    await closing;
    expect(seen.items).toEqual([1, 'done']);
    expect(server.unwrap<[Redis, Redis]>().map(({ status }) => status)).toEqual(['end', 'end']);
  });

  it('is a class that Nest can run on any transport of ours', () => {
    expect(new EventBusServer({ transport: redis() }).transportId).toBe(1);
  });
});

import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { Redis } from 'ioredis';
import { NotConnectedError, StartupError, SubscriptionRefusedError, redis } from 'nestjs-redis-event-bus';
import { ReplyLostError } from 'nestjs-redis-event-bus/microservices';
import type { Observable } from 'rxjs';
import { lastValueFrom } from 'rxjs';
import { eventually } from '../../support/eventually.js';
import { freePort } from '../../support/free.port.js';
import { Inbox } from '../../support/inbox.js';
import { RedisServer } from '../../support/redis.server.js';
import { TcpProxy } from '../../support/tcp.proxy.js';
import { NOTHING, describeClientPromises, heldBy } from './support/client.promises.js';
import { EventPattern } from './support/event-pattern.js';
import { MicroserviceApps } from './support/microservice.apps.js';
import { gate } from './support/server.promises.js';

let redisServer: RedisServer;
beforeAll(async () => {
  redisServer = await RedisServer.start();
});
afterAll(() => redisServer.stop());

describe('EventBusClient on redis()', () => {
  describeClientPromises(() => redis({ url: redisServer.url }));
});

describe('EventBusClient', () => {
  const apps = new MicroserviceApps(() => redis({ url: redisServer.url }));
  const seen = new Inbox<unknown>();
  let held = gate();
  beforeEach(() => {
    seen.clear();
    held = gate();
  });
  afterEach(() => held.open());

  @Controller()
  class Service {
    @MessagePattern('held')
    async held(data: unknown): Promise<unknown> {
      seen.push(data);
      await held.passed;
      return data;
    }

    @MessagePattern('echo')
    echo(data: unknown): unknown {
      seen.push(data);
      return data;
    }

    @EventPattern('noted')
    noted(note: unknown): void {
      seen.push(note);
    }
  }
  const serve = () => apps.serve({ controllers: [Service] });
  const fail = (observable: Observable<unknown>) =>
    lastValueFrom(observable).then(
      () => Promise.reject(new Error('It did not fail.')),
      (error: unknown) => error,
    );
  const channels = async () => redisServer.cli('PUBSUB', 'CHANNELS', '*.reply');
  const startProxy = async () => {
    const proxy = await TcpProxy.start({ targetPort: redisServer.port });
    apps.closeLater(() => proxy.stop());
    return proxy;
  };

  it('subscribes to replies only while a request waits for them', async () => {
    await serve();
    const client = apps.client();
    await client.connect();
    expect(await channels()).toEqual([]);
    const replies = [1, 2].map((data) => lastValueFrom(client.send('held', data)));
    await seen.count(2);
    expect(await channels()).toEqual(['held.reply']);
    held.open();
    await Promise.all(replies);
    await eventually(async () => expect(await channels()).toEqual([]));
  });

  it('sends a request once the subscription to its replies is confirmed', async () => {
    await serve();
    const proxy = await startProxy();
    const client = apps.client({ transport: redis({ url: `redis://127.0.0.1:${proxy.port}` }) });
    await client.connect();
    proxy.hold('toClient');
    const replied = lastValueFrom(client.send('echo', 'asked'));
    await eventually(async () => expect(await channels()).toEqual(['echo.reply']));
    await redisServer.cli('PUBLISH', 'noted', '"fence"');
    expect(await seen.upTo((item) => item === 'fence')).toEqual(['fence']);
    proxy.resume('toClient');
    expect(await replied).toBe('asked');
  });

  it('fails what waits when the connection for replies is lost, and works again when it is back', async () => {
    await serve();
    const client = apps.client();
    const words: string[] = [];
    client.status.subscribe((word) => words.push(word));
    const failed = [1, 2].map((data) => fail(client.send('held', data)));
    await seen.count(2);
    const [, subscriber] = client.unwrap<[Redis, Redis]>();
    const before = words.length;
    subscriber.disconnect(true);
    for (const error of await Promise.all(failed)) {
      expect(error).toBeInstanceOf(ReplyLostError);
      expect(error).toMatchObject({ code: 'EVENT_BUS_REPLY_LOST', channel: 'held' });
    }
    expect(heldBy(client)).toEqual(NOTHING);
    await eventually(() => expect(words.slice(before)).toEqual(['reconnecting', 'connected']));
    expect(await lastValueFrom(client.send('echo', 3))).toBe(3);
    held.open();
  });

  it('goes on waiting when only the connection that publishes is lost', async () => {
    await serve();
    const client = apps.client();
    const replied = lastValueFrom(client.send('held', 1));
    await seen.count(1);
    const [publisher] = client.unwrap<[Redis, Redis]>();
    const words: string[] = [];
    for (const word of ['reconnecting', 'connected'] as const) client.on(word, () => words.push(word));
    await redisServer.cli('CLIENT', 'KILL', 'ID', await publisher.client('ID'));
    await eventually(() => expect(words).toEqual(['reconnecting', 'connected']));
    held.open();
    expect(await replied).toBe(1);
  });

  it('fails at once while there is no connection', async () => {
    const proxy = await startProxy();
    const client = apps.client({ transport: redis({ url: `redis://127.0.0.1:${proxy.port}` }) });
    await client.connect();
    const words: string[] = [];
    client.on('reconnecting', () => words.push('reconnecting'));
    await proxy.stop();
    await eventually(() => expect(words).toEqual(['reconnecting']));
    expect(await fail(client.send('echo', 1))).toBeInstanceOf(NotConnectedError);
    expect(await fail(client.emit('noted', 1))).toBeInstanceOf(NotConnectedError);
    expect(heldBy(client)).toEqual(NOTHING);
  });

  it('fails where Redis refuses the subscription to replies, or the request', async () => {
    await serve();
    await redisServer.cli(
      'ACL',
      'SETUSER',
      ...'deaf on >secret resetchannels &echo &held &held.reply +@all'.split(' '),
    );
    const url = `redis://deaf:secret@127.0.0.1:${redisServer.port}`;
    const client = apps.client({ transport: redis({ url }) });
    const errors = await Promise.all([fail(client.send('echo', 1)), fail(client.send('echo', 2))]);
    for (const error of errors) expect(error).toBeInstanceOf(SubscriptionRefusedError);
    expect(heldBy(client)).toEqual(NOTHING);
    const replied = lastValueFrom(client.send('held', 3));
    held.open();
    expect(await replied).toBe(3);
    expect(await fail(client.emit('noted', 1))).toMatchObject({ code: 'EVENT_BUS_PUBLISH_REFUSED' });
  });

  it('fails to connect when there is no Redis, keeps nothing open, and can try again', async () => {
    const port = await freePort();
    const transport = redis({ url: `redis://127.0.0.1:${port}` });
    const client = apps.client({ transport, startup: { timeoutMs: 50 } });
    const errors = await Promise.all([fail(client.send('echo', 1)), fail(client.emit('noted', 1))]);
    for (const error of errors) expect(error).toBeInstanceOf(StartupError);
    await expect(client.connect()).rejects.toThrow(StartupError);
    expect(heldBy(client)).toEqual(NOTHING);
    const late = await RedisServer.start({ port });
    apps.closeLater(() => late.stop());
    const [publisher] = client.unwrap<[Redis, Redis]>();
    expect(publisher.status).toBe('wait');
    await client.connect();
    await lastValueFrom(client.emit('noted', 1), { defaultValue: undefined });
    await client.close();
  });

  it("starts without Redis with onFailure: 'retry', and works as soon as it is there", async () => {
    const port = await freePort();
    const transport = redis({ url: `redis://127.0.0.1:${port}` });
    const client = apps.client({ transport, startup: { timeoutMs: 50, onFailure: 'retry' } });
    const words: string[] = [];
    client.status.subscribe((word) => words.push(word));
    await serve();
    apps.log.lines.length = 0;
    await client.connect();
    expect(apps.log.lines.map(({ message }) => message)).not.toContainEqual(
      expect.stringContaining('Event bus is ready'),
    );
    expect(apps.log.troubles).toContainEqual(expect.stringContaining('starts degraded'));
    expect(await fail(client.emit('noted', 1))).toBeInstanceOf(NotConnectedError);
    expect(await fail(client.send('echo', 1))).toBeInstanceOf(NotConnectedError);
    const late = await RedisServer.start({ port });
    apps.closeLater(() => late.stop());
    await eventually(() => expect(words).toEqual(['reconnecting', 'connected']));
    await lastValueFrom(client.emit('noted', 1), { defaultValue: undefined });
    await client.close();
  });
});

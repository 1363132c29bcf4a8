import type { TransportFactory } from 'nestjs-redis-event-bus';
import { NotConnectedError, StartupError, redis, redisCluster } from 'nestjs-redis-event-bus';
import { EventBusClient } from 'nestjs-redis-event-bus/microservices';
import { firstValueFrom } from 'rxjs';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free.port.js';
import { RedisServer } from '../support/redis.server.js';
import { startedApps } from '../support/started.apps.js';

const { start } = startedApps();
const startup = { timeoutMs: 300 };

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a start without a server', () => {
  it.each<[string, (port: number) => TransportFactory]>([
    ['redis()', (port) => redis({ url: `redis://127.0.0.1:${port}` })],
    ['redisCluster()', (port) => redisCluster({ nodes: [{ host: '127.0.0.1', port }] })],
  ])('fails with the error of the connection as its cause, with %s', async (_name, transportAt) => {
    const error = await failureOf(start({}, { transport: transportAt(await freePort()), startup }));
    expect(error).toBeInstanceOf(StartupError);
    expect(error).toMatchObject({ code: 'EVENT_BUS_STARTUP', cause: { code: 'ECONNREFUSED' } });
  });

  it('fails with what the server said of a wrong password, without the password', async () => {
    await server.cli('ACL', 'SETUSER', 'orders', 'on', '>right-password', '+@all', '&*', '~*');
    const url = server.url.replace('redis://', 'redis://orders:wrong-password@');
    const error = await failureOf(start({}, { transport: redis({ url }), startup }));
    expect(error).toMatchObject({ code: 'EVENT_BUS_STARTUP', cause: { name: 'ReplyError' } });
    expect(String((error as Error).cause)).toContain('WRONGPASS');
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('wrong-password');
  });
});

describe('EventBusClient', () => {
  it('fails connect, emit and send with the code of the connection, as the client of Nest does', async () => {
    const client = new EventBusClient({
      transport: redis({ url: `redis://127.0.0.1:${await freePort()}` }),
      startup,
    });
    try {
      for (const work of [
        () => client.connect(),
        () => firstValueFrom(client.emit('orders', 1), { defaultValue: undefined }),
        () => firstValueFrom(client.send('sum', [1])),
      ]) {
        const error = await failureOf(work());
        expect(error).toBeInstanceOf(StartupError);
        expect(error).toMatchObject({ code: 'ECONNREFUSED' });
      }
    } finally {
      await client.close();
    }
  });

  it('fails with it as well when the server has gone after the connection was made', async () => {
    const gone = await RedisServer.start();
    const client = new EventBusClient({ transport: redis({ url: gone.url }) });
    try {
      await client.connect();
      await gone.stop();
      await eventually(async () => {
        const error = await failureOf(firstValueFrom(client.emit('orders', 1), { defaultValue: undefined }));
        expect(error).toBeInstanceOf(NotConnectedError);
        expect(error).toMatchObject({ code: 'ECONNREFUSED' });
      });
    } finally {
      await client.close();
      await gone.stop();
    }
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { EventBusModule, redis } from 'nestjs-redis-event-bus';
import { RedisServer } from '../../support/redis.server.js';

const closers: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closers.toReversed()) await close();
});

it('leaves nothing behind', async () => {
  const interval = setInterval(() => undefined, 60_000);
  closers.push(() => clearInterval(interval));

  const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
  closers.push(() => child.kill());
  await once(child, 'spawn');

  const listener = createServer().listen(0, '127.0.0.1');
  closers.push(() => listener.close());
  await once(listener, 'listening');
  const socket = connect((listener.address() as AddressInfo).port, '127.0.0.1');
  closers.push(() => socket.end());
  await once(socket, 'connect');

  const server = await RedisServer.start();
  closers.push(() => server.stop());
  class AppModule {}
  const imports = [EventBusModule.forRoot({ transport: redis({ url: server.url }) })];
  const app = await NestFactory.createApplicationContext({ module: AppModule, imports }, { logger: false });
  closers.push(() => app.close());
});

it('leaves nothing that keeps a process alive where connect() throws', () => {
  expect(() => connect(99_999, '127.0.0.1')).toThrow('Port');
});

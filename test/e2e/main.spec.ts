import { jest } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free.port.js';
import { codeIn } from '../support/readme.code.js';
import { RedisServer } from '../support/redis.server.js';
import type { NodeProcess } from './support/node.process.js';
import { startWritten } from './support/written.service.js';

jest.setTimeout(60_000);

const MAIN = codeIn('README.md', '// src/main.ts');
const WORKER = codeIn('docs/handlers.md', '// worker.ts');

/** What people write who do not read it: it says what happened, and goes on. */
const CARELESS = `
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule, { abortOnError: false });
app.listen(0).catch((error) => console.error(error));
`;

/** As a worker that does one job, and ends by itself. */
const ONE_JOB = `
import { NestFactory } from '@nestjs/core';
import { AppModule, handled } from './app.module.js';

const app = await NestFactory.createApplicationContext(AppModule);
console.log('Started');
await handled;
await app.close();
`;

const APP_MODULE = `
import { Injectable, Module } from '@nestjs/common';
import { EventBusModule, OnEvent, redis } from 'nestjs-redis-event-bus';
import { EventBusClient } from 'nestjs-redis-event-bus/microservices';

const { REDIS_URL, SECOND_URL, SECOND_NAME = 'second', CLIENT_URL, BROKEN } = process.env;
let finish;
export const handled = new Promise((resolve) => { finish = resolve; });

@Injectable()
class Orders {
  @OnEvent('orders:*')
  handle(order, event) {
    console.log('Handled ' + event.channel);
    finish();
  }
}

/** Another provider, which needs something that is not there. */
@Injectable()
class Broken {
  async onModuleInit() {
    if (BROKEN === 'onModuleInit') throw new Error('broken in onModuleInit');
    if (!CLIENT_URL) return;
    await new EventBusClient({ transport: redis({ url: CLIENT_URL }), startup: { timeoutMs: 200 } }).connect();
  }

  onApplicationBootstrap() {
    if (BROKEN === 'onApplicationBootstrap') throw new Error('broken in onApplicationBootstrap');
  }
}

const buses = [EventBusModule.forRoot({ transport: redis({ url: REDIS_URL }) })];
if (SECOND_URL) buses.push(EventBusModule.forRoot({
  name: SECOND_NAME,
  transport: redis({ url: SECOND_URL }),
  startup: { timeoutMs: 200 },
}));

@Module({ imports: buses, providers: [Orders, Broken] })
export class AppModule {}
`;

let redis: RedisServer;
const started: NodeProcess[] = [];

beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());
afterEach(async () => {
  for (const process of started.splice(0)) process.signal('SIGKILL');
  await eventually(async () => expect(await connections()).toBe(0));
});

function start(main: string, environment: Record<string, string> = {}): NodeProcess {
  const files = { main, 'app.module': APP_MODULE };
  const process = startWritten(files, { PORT: '0', REDIS_URL: redis.url, ...environment });
  started.push(process);
  return process;
}

/** But the one that asks. */
async function connections(): Promise<number> {
  return (
    String(await redis.cli('CLIENT', 'LIST'))
      .split('\n')
      .filter(Boolean).length - 1
  );
}

/** What goes wrong, as the module above makes it of the environment, what reports it, and why. */
const failures: readonly (readonly [string, () => Promise<Record<string, string>>, string, string])[] = [
  [
    "another provider's onModuleInit",
    async () => ({ BROKEN: 'onModuleInit' }),
    'Error: ',
    'broken in onModuleInit',
  ],
  [
    "another provider's onApplicationBootstrap",
    async () => ({ BROKEN: 'onApplicationBootstrap' }),
    'Error: ',
    'broken in onApplicationBootstrap',
  ],
  [
    'a second bus without a server',
    async () => ({ SECOND_URL: `redis://127.0.0.1:${await freePort()}` }),
    'ERROR [EventBus:second] Event bus failed to start (reason="',
    'No connection to redis',
  ],
  [
    'a client of a provider without a server, of which no bus knows',
    async () => ({ CLIENT_URL: `redis://127.0.0.1:${await freePort()}` }),
    'StartupError: ',
    'No connection to redis',
  ],
  [
    'two buses of one name',
    async () => ({ SECOND_URL: redis.url, SECOND_NAME: 'default' }),
    'Event bus failed to start (reason="',
    'The event bus cannot start: there are two buses named',
  ],
  [
    'options that cannot work',
    async () => ({ SECOND_URL: 'localhost' }),
    'ConfigurationError: ',
    'The event bus cannot start: ',
  ],
];

describe.each([
  ['the main.ts of the README', MAIN],
  ['the worker.ts of the docs', WORKER],
])('%s', (_what, main) => {
  it.each(failures)(
    'says why once, and ends with 1, on %s',
    async (_failure, environment, reporter, reason) => {
      const process = start(main, await environment());
      expect(await process.exited).toEqual({ code: 1, signal: null });
      expect(process.output).toContain(reporter + reason);
      expect(process.output.split(reason)).toHaveLength(2);
    },
  );

  it('runs as long as the bus is subscribed, also while Redis is away, and ends on SIGTERM', async () => {
    const own = await RedisServer.start();
    try {
      const process = start(main, { REDIS_URL: own.url });
      const subscribed = () =>
        eventually(async () => expect(await own.cli('PUBSUB', 'NUMPAT')).toBe(1), { timeoutMs: 20_000 });
      await subscribed();
      await own.kill();
      await process.prints(/degraded/);
      await own.restart();
      await subscribed();
      await own.cli('PUBLISH', 'orders:created', '1');
      await process.prints(/Handled orders:created/);
      process.signal('SIGTERM');
      expect(await process.exited).toEqual({ code: null, signal: 'SIGTERM' });
    } finally {
      await own.stop();
    }
  });
});

it('ends on a port that is taken', async () => {
  const process = start(MAIN, { PORT: String(redis.port) });
  expect(await process.exited).toEqual({ code: 1, signal: null });
  expect(process.output).toContain('EADDRINUSE');
});

describe('a process that does not end itself', () => {
  it('ends when the bus is closed', async () => {
    const process = start(ONE_JOB);
    await process.prints(/Started/);
    await redis.cli('PUBLISH', 'orders:created', '1');
    expect(await process.exited).toEqual({ code: 0, signal: null });
  });

  it('ends when the bus cannot start', async () => {
    const process = start(CARELESS, { SECOND_URL: `redis://127.0.0.1:${await freePort()}` });
    expect(await process.exited).toMatchObject({ signal: null });
    expect(process.output).toContain('No connection to redis');
  });

  it('stays when another provider fails (control)', async () => {
    const process = start(CARELESS, { BROKEN: 'onApplicationBootstrap' });
    await process.prints(/broken in onApplicationBootstrap/);
    await redis.cli('PUBLISH', 'orders:created', '1');
    await process.prints(/Handled orders:created/);
    expect(await connections()).toBe(2);
  });
});

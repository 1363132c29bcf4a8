import { once } from 'node:events';
import { type IncomingMessage, get } from 'node:http';
import { jest } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { codeIn } from '../support/readme.code.js';
import { RedisServer } from '../support/redis.server.js';
import type { NodeProcess } from './support/node.process.js';
import { startWritten } from './support/written.service.js';

jest.setTimeout(60_000);

const MAIN = `
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
console.log('Listening on ' + (await app.getUrl()));
`;

const APP_MODULE = `
import { Controller, Get, Injectable, Module, Sse } from '@nestjs/common';
import { EventBusModule, EventBusStatus, EventBusSubscriber, redis } from 'nestjs-redis-event-bus';
import { from, fromEvent, map, take } from 'rxjs';
import { OrdersController } from './orders.controller.js';

@Controller()
class OtherController {
  constructor(private readonly subscriber: EventBusSubscriber, private readonly status: EventBusStatus) {}

  @Sse('stream')
  stream() {
    return from(this.subscriber.stream('orders:*')).pipe(map(({ payload }) => ({ data: payload })));
  }

  @Sse('states')
  states() {
    return this.status.changes.pipe(map((state) => ({ data: state })));
  }

  @Sse('endless')
  endless() {
    return fromEvent(process, 'SIGUSR2').pipe(take(1), map(() => ({ data: console.log('Ended by hand') ?? '' })));
  }

  @Get('ready')
  async ready() {
    console.log('Asked whether it is ready');
    await this.status.whenReady();
  }

  @Get('joined')
  async joined() {
    console.log('Asked to join');
    await this.subscriber.subscribe('late', () => undefined);
  }
}

@Injectable()
class End {
  onApplicationShutdown() {
    console.log('The application has ended');
  }
}

@Module({
  imports: [EventBusModule.forRoot({ transport: redis({ url: process.env.REDIS_URL }) })],
  controllers: [OrdersController, OtherController],
  providers: [End],
})
export class AppModule {}
`;

const files = {
  main: MAIN,
  'app.module': APP_MODULE,
  'orders.controller': codeIn('docs/recipes/sse.md', '// orders.controller.ts'),
};

/** A client that holds a response open. */
class OpenResponse {
  text = '';
  /** Resolves when the server has ended the response, and rejects when the connection broke. */
  readonly ended: Promise<string>;

  constructor(private readonly message: IncomingMessage) {
    message.setEncoding('utf8').on('data', (chunk: string) => (this.text += chunk));
    this.ended = once(message, 'end').then(() => this.text);
    this.ended.catch(() => undefined);
  }

  get status(): number | undefined {
    return this.message.statusCode;
  }
}

let server: RedisServer;
let service: NodeProcess;

beforeEach(async () => {
  server = await RedisServer.start();
  service = startWritten(files, { REDIS_URL: server.url });
});
afterEach(async () => {
  service.signal('SIGKILL');
  await service.exited;
  await server.stop();
});

async function open(path: string): Promise<OpenResponse> {
  const [, url] = await service.prints(/Listening on (\S+)/);
  const request = get(`${url}${path}`, { agent: false });
  const [message] = (await once(request, 'response')) as [IncomingMessage];
  return new OpenResponse(message);
}

const isSubscribed = () => eventually(async () => expect(await server.cli('PUBSUB', 'NUMPAT')).toBe(1));
const endedBySigterm = { code: null, signal: 'SIGTERM' };

describe('an application that serves what it observes', () => {
  it.each(['/orders/events', '/stream'])(
    'ends %s after what Redis has sent, and itself, on SIGTERM',
    async (path) => {
      const clients = [await open(path), await open(path)];
      await isSubscribed();
      for (let id = 1; id <= 100; id += 1) await server.cli('PUBLISH', 'orders:created', `{"id":${id}}`);
      service.signal('SIGTERM');
      for (const client of clients) expect(await client.ended).toContain('data: {"id":100}\n\n');
      expect(await service.exited).toEqual(endedBySigterm);
    },
  );

  it('ends a response that shows its states, too', async () => {
    const client = await open('/states');
    await eventually(() => expect(client.text).toContain('data: ready'));
    service.signal('SIGTERM');
    expect(await client.ended).toContain('data: closed');
    expect(await service.exited).toEqual(endedBySigterm);
  });

  it('answers those who poll for the next event', async () => {
    const polling = open('/orders/next');
    await isSubscribed();
    service.signal('SIGTERM');
    const answer = await polling;
    await answer.ended;
    expect(answer.status).toBe(200);
    expect(await service.exited).toEqual(endedBySigterm);
  });

  it.each([
    ['/ready', /Asked whether it is ready/],
    ['/joined', /Asked to join/],
  ])('answers %s, which waits for a link', async (path, asked) => {
    await service.prints(/Listening/);
    await server.kill();
    await service.prints(/degraded/);
    const waiting = open(path);
    await service.prints(asked);
    service.signal('SIGTERM');
    expect((await waiting).status).toBe(500);
    expect(await service.exited).toEqual(endedBySigterm);
  });

  it('sends the gap to the browser', async () => {
    const client = await open('/orders/events');
    await isSubscribed();
    await server.kill();
    await server.restart();
    await eventually(() => expect(client.text).toContain('event: gap\n'), { timeoutMs: 20_000 });
  });

  it('waits for a response that nothing ends (control)', async () => {
    const client = await open('/endless');
    service.signal('SIGTERM');
    // HTTP is what it waits for: it takes no connection any more.
    await eventually(() => expect(open('/stream')).rejects.toThrow('ECONNREFUSED'));
    service.signal('SIGUSR2');
    await client.ended;
    expect(await service.exited).toEqual(endedBySigterm);
    expect(service.output).toMatch(/Ended by hand[^]*The application has ended/);
  });
});

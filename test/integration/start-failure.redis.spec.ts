import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { Controller, Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import type { EventBusModuleOptions, EventTransport, TransportFactory } from 'nestjs-redis-event-bus';
import {
  ConfigurationError,
  EventBusModule,
  EventBusPublisher,
  EventBusStatus,
  OnEvent,
  OnKeyEvent,
  StartupError,
  memory,
  redis,
} from 'nestjs-redis-event-bus';
import type { EventBusServerOptions } from 'nestjs-redis-event-bus/microservices';
import { EventBusClient, EventBusServer } from 'nestjs-redis-event-bus/microservices';
import { Escapes } from '../support/escapes.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free.port.js';
import { Inbox } from '../support/inbox.js';
import { LogLines } from '../support/log.lines.js';
import { RedisServer } from '../support/redis.server.js';

/** What a start must not wait for. */
const FOREVER = 2 ** 31 - 1;

const escapes = new Escapes();
const log = new LogLines();
let server: RedisServer;
/** Closed after the test, which is to have closed what it is about by then. */
let opened: { close(): Promise<unknown> }[] = [];
let resources: { readonly sockets: number; readonly timers: number };

beforeAll(async () => {
  server = await RedisServer.start();
  const rules = ['on', '>pw', '~*', 'resetchannels', '&orders:*', '+@all', '-config'];
  await server.cli('ACL', 'SETUSER', 'bob', ...rules);
});
afterAll(() => server.stop());

beforeEach(async () => {
  escapes.listen();
  log.lines.length = 0;
  await eventually(async () => expect(await connections()).toBe(0));
  resources = openResources();
});

afterEach(async () => {
  for (const app of opened.splice(0).reverse()) await app.close();
  try {
    expect(await escapes.take()).toEqual([]);
  } finally {
    escapes.release();
  }
});

/** What keeps this process alive. */
function openResources() {
  const open = process.getActiveResourcesInfo();
  const count = (type: RegExp) => open.filter((name) => type.test(name)).length;
  return { sockets: count(/TCP|TLS/), timers: count(/Timeout/) };
}

/** But the one that asks. */
async function connections(): Promise<number> {
  return (
    String(await server.cli('CLIENT', 'LIST'))
      .split('\n')
      .filter(Boolean).length - 1
  );
}

/** Nothing is closed by the test: what it started has nothing open, and nothing that would keep a process alive. */
async function expectNothingOpen(): Promise<void> {
  await eventually(async () => {
    expect(await connections()).toBe(0);
    const { sockets, timers } = openResources();
    expect(sockets).toBeLessThanOrEqual(resources.sockets);
    // One is that of eventually() itself.
    expect(timers).toBeLessThanOrEqual(resources.timers + 1);
  });
}

async function create(metadata: ModuleMetadata): Promise<INestApplication> {
  const moduleRef = await Test.createTestingModule(metadata).setLogger(log).compile();
  const app = moduleRef.createNestApplication();
  app.useLogger(log);
  opened.push(app);
  return app;
}

const failureOf = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => Promise.reject(new Error('It did not fail.')),
    (error: Error) => error,
  );

/** What the log says of a failed start. */
const quote = (text: string) => JSON.stringify(text);

const here = () => redis({ url: server.url });
const asBob = () => redis({ url: server.url.replace('//', '//bob:pw@') });
const nowhere = async () => redis({ host: '127.0.0.1', port: await freePort() });
type BusOptions = Partial<EventBusModuleOptions> & { readonly name?: string };
const bus = (options: BusOptions = {}) => EventBusModule.forRoot({ transport: here(), ...options });

function raise(): never {
  throw new Error('a provider that is not to be looked at');
}

/** The transport, with some of its methods replaced. */
function overriding(factory: TransportFactory, methods: Partial<EventTransport>): TransportFactory {
  const create: TransportFactory['create'] = (listener) => {
    const transport = factory.create(listener);
    return new Proxy(transport, {
      get(of, key) {
        const value: unknown = Reflect.get(key in methods ? methods : of, key, of);
        return typeof value === 'function' ? (value.bind(of) as unknown) : value;
      },
    });
  };
  return { name: factory.name, problems: factory.problems, create };
}

@Injectable()
class Orders {
  @OnEvent('orders:*')
  handle() {}
}

/** Handlers of a bus named `second`. */
@Injectable()
class Denied {
  @OnEvent('secret:orders', { bus: 'second' })
  handle() {}
}
@Injectable()
class Wrong {
  @OnEvent('', { bus: 'second' })
  handle() {}
}
@Injectable()
class Keys {
  @OnKeyEvent('expired', { bus: 'second' })
  handle() {}
}

interface Failure {
  readonly failing: () => Promise<BusOptions>;
  readonly handler?: new () => object;
  readonly error: RegExp;
}

const failures: Record<string, Failure> = {
  'has no server': {
    failing: async () => ({ transport: await nowhere(), startup: { timeoutMs: 50 } }),
    error: /^No connection to redis at 127\.0\.0\.1:/,
  },
  'has a wrong password': {
    failing: async () => ({
      transport: redis({ url: server.url.replace('//', '//bob:wrong@') }),
      startup: { timeoutMs: FOREVER },
    }),
    error: /WRONGPASS/,
  },
  'has a handler that cannot work': {
    failing: async () => ({}),
    handler: Wrong,
    error: /^The event bus cannot start: @OnEvent on Wrong\.handle/,
  },
  'may not have a channel': {
    failing: async () => ({ transport: asBob() }),
    handler: Denied,
    error: /^Redis refused the subscription to "secret:orders"/,
  },
  'may not set what keyspace.ensure asks for': {
    failing: async () => ({
      transport: redis({ url: server.url.replace('//', '//eve:pw@') }),
      keyspace: { ensure: 'set' },
    }),
    handler: Keys,
    error: /could not set notify-keyspace-events: .*NOPERM/,
  },
  'may not set it, though it would go on without Redis': {
    failing: async () => ({
      transport: redis({ url: server.url.replace('//', '//eve:pw@') }),
      keyspace: { ensure: 'set' },
      startup: { onFailure: 'retry' },
    }),
    handler: Keys,
    error: /could not set notify-keyspace-events: .*NOPERM/,
  },
};

describe('when one bus of an application cannot start', () => {
  beforeAll(async () => {
    await server.cli('ACL', 'SETUSER', 'eve', 'on', '>pw', '~*', '&*', '+@all', '-config');
  });

  describe.each(Object.entries(failures))('as it %s', (_what, { failing, handler, error }) => {
    const second = async () => bus({ ...(await failing()), name: 'second' });
    const secondAsync = async () => {
      const { name: _name, ...options } = { transport: here(), ...(await failing()) };
      return EventBusModule.forRootAsync({ name: 'second', useFactory: async () => options });
    };

    it.each([
      ['forRoot', second],
      ['forRootAsync', secondAsync],
    ])('closes it and those before it (%s)', async (_how, imported) => {
      const app = await create({
        imports: [bus(), bus({ name: 'third', startup: { onFailure: 'retry' } }), await imported()],
        providers: [Orders, ...(handler === undefined ? [] : [handler])],
      });
      const failure = await failureOf(app.init());
      expect(failure.message).toMatch(error);
      expect(log.troubles.filter((line) => line.startsWith('Event bus failed to start'))).toEqual([
        expect.stringContaining(quote(failure.message)),
      ]);
      await expectNothingOpen();
      expect(app.get(EventBusStatus).current).toBe('closed');
    });

    it('closes those after it', async () => {
      const app = await create({
        imports: [await second(), bus()],
        providers: [Orders, ...(handler === undefined ? [] : [handler])],
      });
      expect((await failureOf(app.init())).message).toMatch(error);
      await expectNothingOpen();
    });

    it('closes a bus that has gone on without its server', async () => {
      const late = await RedisServer.start();
      await late.stop();
      const transport = redis({ url: late.url });
      const app = await create({
        imports: [bus({ transport, startup: { timeoutMs: 20, onFailure: 'retry' } }), await second()],
        providers: [Orders, ...(handler === undefined ? [] : [handler])],
      });
      expect((await failureOf(app.init())).message).toMatch(error);
      await expectNothingOpen();
      expect(app.get(EventBusStatus).current).toBe('closed');
    });

    it('ends an application without HTTP, which Nest hands out to nobody', async () => {
      class Worker {}
      const module = {
        module: Worker,
        imports: [bus(), await second()],
        providers: [Orders, ...(handler === undefined ? [] : [handler])],
      };
      const starting = NestFactory.createApplicationContext(module, { logger: log, abortOnError: false });
      expect((await failureOf(starting)).message).toMatch(error);
      await expectNothingOpen();
    });

    it('closes the microservices that were started before it, and lets none start after it', async () => {
      const app = await create({
        imports: [await second(), bus()],
        providers: [Orders, ...(handler === undefined ? [] : [handler])],
      });
      app.connectMicroservice({ strategy: new EventBusServer({ transport: here() }) });
      await app.startAllMicroservices();
      expect(await connections()).toBe(2);
      expect((await failureOf(app.init())).message).toMatch(error);
      await expectNothingOpen();

      const strategy = new EventBusServer({ transport: here() });
      const late = app.connectMicroservice({ strategy });
      expect(await failureOf(late.listen())).toBeInstanceOf(StartupError);
      await expectNothingOpen();
    });
  });

  it('closes it where it is the only one', async () => {
    @Injectable()
    class OwnKeys {
      @OnKeyEvent('expired')
      handle() {}
    }
    const transport = redis({ url: server.url.replace('//', '//eve:pw@') });
    const app = await create({
      imports: [bus({ transport, keyspace: { ensure: 'set' } })],
      providers: [OwnKeys],
    });
    expect((await failureOf(app.init())).message).toMatch(/NOPERM/);
    await expectNothingOpen();
  });

  it('leaves the buses of another application alone', async () => {
    const other = await create({ imports: [bus()] });
    await other.init();
    const app = await create({
      imports: [bus(), bus({ name: 'second', transport: await nowhere(), startup: { timeoutMs: 20 } })],
    });
    await failureOf(app.init());
    await eventually(async () => expect(await connections()).toBe(2));
    expect(other.get(EventBusStatus).current).toBe('ready');
    await expect(other.get(EventBusPublisher).publish('orders:created', 1)).resolves.toBe(0);
  });

  it('closes clients that its providers have connected', async () => {
    const client = new EventBusClient({ transport: here() });
    opened.push(client);
    const app = await create({
      imports: [bus({ transport: await nowhere(), startup: { timeoutMs: 20 } })],
      providers: [{ provide: 'CLIENT', useValue: client }],
    });
    await client.connect();
    expect(await failureOf(app.init())).toBeInstanceOf(StartupError);
    await expectNothingOpen();
  });

  it('forgets what its handlers would have tried again', async () => {
    const tried = new Inbox<number>();
    @Injectable()
    class Stubborn {
      @OnEvent('orders:*', { retry: { attempts: 5, delayMs: 3_600_000 } })
      handle(order: number) {
        tried.push(order);
        throw new Error('not yet');
      }
    }
    /** After the first bus has heard an event. */
    const fail = async () => {
      await server.cli('PUBLISH', 'orders:created', '1');
      await tried.count(1);
      throw new Error('no');
    };
    const app = await create({
      imports: [
        bus(),
        bus({
          name: 'second',
          transport: overriding(here(), { subscribe: fail }),
        }),
      ],
      providers: [Stubborn, Denied],
    });
    expect((await failureOf(app.init())).message).toMatch(/cannot start: no$/);
    await expectNothingOpen();
    expect(tried.items).toEqual([1]);
  });

  it('says why, whatever another bus does when it is closed', async () => {
    const close = () => Promise.reject(new Error('cannot be closed'));
    const shy = new Proxy({}, { get: (_of, key) => (typeof key === 'symbol' ? raise() : undefined) });
    const app = await create({
      imports: [
        bus({ transport: overriding(memory(), { close }) }),
        bus({ name: 'third' }),
        bus({ name: 'second', transport: await nowhere(), startup: { timeoutMs: 20 } }),
      ],
      providers: [{ provide: 'shy', useValue: shy }],
    });
    // Closing it fails, as it should.
    opened = [];
    expect((await failureOf(app.init())).message).toMatch(/^No connection to redis at /);
    expect(app.get(EventBusStatus).current).toBe('closed');
    await expectNothingOpen();
  });
});

it('does not say that it tries again when the password is wrong', async () => {
  const transport = redis({ url: server.url.replace('//', '//bob:wrong@') });
  const app = await create({ imports: [bus({ transport })] });
  await failureOf(app.init());
  expect(log.troubles).toEqual([expect.stringMatching(/^Event bus failed to start \(reason=".*WRONGPASS/)]);
});

describe('when a microservice of an application cannot start', () => {
  const refused = (options: Partial<EventBusServerOptions> = {}) =>
    new EventBusServer({ transport: asBob(), ...options });
  @Controller()
  class Secrets {
    @MessagePattern('secret:orders')
    answer() {}
  }

  it.each(['after', 'before'])('closes the buses of its modules that start %s it', async (order) => {
    const app = await create({ imports: [bus()], providers: [Orders], controllers: [Secrets] });
    app.connectMicroservice({ strategy: refused() });
    if (order === 'before') await app.init();
    const failure = await failureOf(app.startAllMicroservices());
    expect(failure).toBeInstanceOf(StartupError);
    expect(failure.message).toMatch(/NOPERM/);
    await expectNothingOpen();
    if (order === 'before') return;
    expect((await failureOf(app.init())).message).toMatch(/this bus or another one of the application/);
    await expectNothingOpen();
  });

  it('closes the other microservices, which start at the same time', async () => {
    const app = await create({ imports: [bus()], controllers: [Secrets] });
    const others = [new EventBusServer({ transport: here() }), new EventBusServer({ transport: here() })];
    for (const strategy of [others[0]!, refused(), others[1]!]) app.connectMicroservice({ strategy });
    expect((await failureOf(app.startAllMicroservices())).message).toMatch(/NOPERM/);
    await expectNothingOpen();
  });

  it('closes the buses of its modules where its patterns cannot work', async () => {
    @Controller()
    class Bad {
      @MessagePattern('orders:[')
      answer() {}
    }
    const moduleRef = await Test.createTestingModule({ imports: [bus()], controllers: [Bad] })
      .setLogger(log)
      .compile();
    const app = moduleRef.createNestMicroservice({ strategy: new EventBusServer({ transport: here() }) });
    app.useLogger(log);
    opened.push(app);
    expect(await failureOf(app.listen())).toBeInstanceOf(ConfigurationError);
    await expectNothingOpen();
  });
});

describe('when a microservice cannot stop in order', () => {
  it('is closed all the same', async () => {
    @Controller()
    class Answers {
      @MessagePattern('orders:count')
      count() {}
    }
    const unsubscribe = () => Promise.reject(new Error('cannot unsubscribe'));
    const strategy = new EventBusServer({ transport: overriding(here(), { unsubscribe }) });
    const testing = await Test.createTestingModule({ controllers: [Answers] })
      .setLogger(log)
      .compile();
    const app = testing.createNestMicroservice({ strategy });
    app.useLogger(log);
    await app.listen();
    expect((await failureOf(app.close())).message).toBe('cannot unsubscribe');
    await expectNothingOpen();
  });
});

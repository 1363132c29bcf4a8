import { startWritten } from '../e2e/support/written.service.js';
import { freePort } from '../support/free.port.js';
import { codeIn } from '../support/readme.code.js';
import type { Contender } from './support/contender.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { msUntil } from './support/hearing.js';

/** Longer than any start here takes, and than a shutdown. */
const PATIENCE_MS = 5_000;

const stage = new FaultStage();

/** Says what happened, and leaves everything else to what it started. */
const CARELESS = `
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule, { abortOnError: false });
app.listen(0).catch((error) => console.error('Not started:', error.message));
`;

const BUS_MODULE = `
import { Module } from '@nestjs/common';
import { EventBusModule, OnEvent, OnKeyEvent, redis } from 'nestjs-redis-event-bus';

const { REDIS_URL, DEAD_URL, BROKEN, ENSURE } = process.env;

class Orders {
  @OnEvent('orders:*')
  handle() {}

  @OnKeyEvent('expired')
  expired() {}

  onApplicationBootstrap() {
    if (BROKEN) throw new Error('another provider');
  }
}

const buses = [EventBusModule.forRoot({
  transport: redis({ url: REDIS_URL }),
  keyspace: { ensure: ENSURE ? 'set' : 'off' },
})];
if (DEAD_URL) {
  const transport = redis({ url: DEAD_URL });
  buses.push(EventBusModule.forRoot({ name: 'second', transport, startup: { timeoutMs: 200 } }));
}

@Module({ imports: buses, providers: [Orders] })
export class AppModule {}
`;

/** A connection per provider, each opened in its own onModuleInit. */
const IOREDIS_MODULE = `
import { Module } from '@nestjs/common';
import { Redis } from 'ioredis';

const { REDIS_URL, DEAD_URL, ENSURE } = process.env;

class Events {
  async onModuleInit() {
    const redis = new Redis(REDIS_URL);
    await redis.psubscribe('orders:*');
    if (ENSURE) await new Redis(REDIS_URL).config('SET', 'notify-keyspace-events', 'Ex');
  }
}

class Second {
  async onModuleInit() {
    if (DEAD_URL) await new Redis(DEAD_URL, { lazyConnect: true, retryStrategy: null }).connect();
  }
}

@Module({ providers: [Events] })
class EventsModule {}

@Module({ imports: [EventsModule], providers: [Second] })
export class AppModule {}
`;

interface Outcome {
  /** Undefined when it goes on. */
  readonly code: number | undefined;
  readonly connections: number;
}

/** What is run is the whole process: nothing of it is started in here. */
const contender = (name: string, main: string, module: string): Contender & Files => ({
  name,
  files: { main, 'app.module': module },
  start: () => Promise.reject(new Error('It is a process of its own.')),
});

interface Files {
  readonly files: Readonly<Record<string, string>>;
}

const theBus = (main: string) => contender('the bus', main, BUS_MODULE);

async function run({ files }: Files, environment: Record<string, string>): Promise<Outcome> {
  const service = startWritten(files, { PORT: '0', REDIS_URL: stage.redis.url, ...environment });
  stage.closeLater(() => service.signal('SIGKILL'));
  let exit: { readonly code: number | null } | undefined;
  void service.exited.then((how) => (exit = how));
  await service.prints(/Not started:|Error: another provider/);
  await msUntil(() => exit !== undefined, PATIENCE_MS);
  const clients = String(await stage.redis.cli('CLIENT', 'LIST'))
    .split('\n')
    .filter(Boolean);
  return { code: exit?.code ?? undefined, connections: clients.length - 1 };
}

const figure = ({ code, connections }: Outcome) =>
  code === undefined ? `goes on with ${connections} connections` : `ends with ${code}`;

const otherProvider: FaultRow<Outcome> = {
  stage,
  id: 'F40',
  fault: "another provider's onApplicationBootstrap throws",
  promise: "the README's main.ts ends the process with 1",
  run: (of) => run(of as Contender & Files, { BROKEN: 'yes' }),
  check: (outcome) => expect(outcome).toEqual({ code: 1, connections: 0 }),
  figure,
};

/** The main.ts of these neither closes nor exits. */
const secondBus: FaultRow<Outcome> = {
  stage,
  id: 'F40',
  fault: 'the second bus of an application has no server',
  promise: 'the first is closed as well, and the process ends by itself',
  run: async (of) => run(of as Contender & Files, { DEAD_URL: `redis://127.0.0.1:${await freePort()}` }),
  check: (outcome) => expect(outcome).toEqual({ code: 0, connections: 0 }),
  figure,
};

const ensureRefused: FaultRow<Outcome> = {
  stage,
  id: 'F40',
  fault: "Redis refuses keyspace: { ensure: 'set' } after the subscriptions",
  promise: 'the bus is closed, and the process ends by itself',
  async run(of) {
    await stage.redis.cli('ACL', 'SETUSER', 'bus', 'on', '>secret', '~*', '&*', '+@all', '-config');
    const url = stage.redis.url.replace('//', '//bus:secret@');
    return run(of as Contender & Files, { REDIS_URL: url, ENSURE: 'yes' });
  },
  check: (outcome) => expect(outcome).toEqual({ code: 0, connections: 0 }),
  figure,
};

describe('F40: the start fails after the link is up', () => {
  const main = codeIn('README.md', '// src/main.ts');
  const plain = contender('plain ioredis', CARELESS, IOREDIS_MODULE);

  it('ends the process when another provider fails', () => expectToHold(otherProvider, theBus(main)));

  it('does not without process.exit() (control)', () =>
    expectToBite(otherProvider, contender('the bus, and a main.ts that only logs', CARELESS, BUS_MODULE)));

  it('closes the first bus when the second has no server', () => expectToHold(secondBus, theBus(CARELESS)));

  it('leaves the first connection of plain ioredis (control)', () => expectToBite(secondBus, plain));

  it('closes the bus when Redis refuses to publish key events', () =>
    expectToHold(ensureRefused, theBus(CARELESS)));

  it('leaves those of plain ioredis, here too (control)', () => expectToBite(ensureRefused, plain));
});

import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import type { EventCodec } from 'nestjs-redis-event-bus';
import {
  EventBusPublisher,
  OnEvent,
  cloudEvents,
  defineEvent,
  eventBusToken,
  json,
  raw,
  redis,
} from 'nestjs-redis-event-bus';
import type { EventBusReportingOptions, ReportMessage } from 'nestjs-redis-event-bus/reporting';
import { EventBusReportingModule, MAX_REPORT_BYTES, reportTarget } from 'nestjs-redis-event-bus/reporting';
import { eventually } from '../support/eventually.js';
import { Inbox } from '../support/inbox.js';
import { RedisServer } from '../support/redis.server.js';
import { ReportViewer, fastReports } from '../support/report.viewer.js';
import type { BusOptions, StartedApp } from '../support/started.apps.js';
import { startedApps } from '../support/started.apps.js';

const heartbeat = { intervalMs: 100, timeoutMs: 1_000 };
const CHANNEL = reportTarget('', 'redis').name;

let server: RedisServer;
let closers: (() => unknown)[] = [];
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const { start, problemsOf } = startedApps();

const handled = new Inbox<unknown>();
beforeEach(() => handled.clear());

class OrderNotifier {
  @OnEvent('orders:*')
  notify(order: unknown): void {
    handled.push(order);
    if (order === 'refuse') throw new RangeError('the order "secret" is refused');
  }
}

const bus = (options: Partial<BusOptions> = {}): BusOptions => ({
  transport: redis({ url: server.url, heartbeat }),
  ...options,
});

const startReporting = (
  options: EventBusReportingOptions = {},
  busOptions: Partial<BusOptions> = {},
): Promise<StartedApp> =>
  start(
    {
      imports: [EventBusReportingModule.forRoot({ service: 'orders', ...options })],
      providers: [OrderNotifier],
    },
    bus(busOptions),
  );

/** One whose time goes 20 times as fast. */
const startFast = (options: EventBusReportingOptions = {}): Promise<StartedApp> =>
  start({ providers: [OrderNotifier, fastReports({ service: 'orders', ...options })] }, bus());

async function view(prefix = ''): Promise<ReportViewer> {
  const viewer = await ReportViewer.open(redis({ url: server.url, heartbeat }), prefix);
  closers.push(() => viewer.close());
  return viewer;
}

/** What is published on the channel, seen without being a listener. */
async function watchPublished(): Promise<Inbox<ReportMessage>> {
  const published = new Inbox<ReportMessage>();
  const client = new Redis(server.url);
  const monitor = await client.monitor();
  closers.push(() => [client, monitor].forEach((connection) => connection.disconnect()));
  monitor.on('monitor', (_time: string, args: readonly string[]) => {
    const [command = '', channel, body = ''] = args;
    if (command.toLowerCase() === 'publish' && channel === CHANNEL)
      published.push(JSON.parse(body) as ReportMessage);
  });
  return published;
}

const typesOf = (messages: readonly ReportMessage[]) => messages.map(({ type }) => type);

describe('an instance that reports', () => {
  it('says hello while nobody listens, reports while somebody does, and says hello again', async () => {
    const published = await watchPublished();
    await startFast();
    await published.count(3);
    expect(typesOf(published.items)).toEqual(['hello', 'hello', 'hello']);

    const viewer = await view();
    await viewer.report();
    await viewer.report();
    const seen = published.items.length;
    await viewer.leave();
    await eventually(() => expect(typesOf(published.items).slice(seen)).toContain('hello'));
    published.clear();
    await published.count(3);
    expect(typesOf(published.items)).toEqual(['hello', 'hello', 'hello']);
  });

  it('needs less than 200 bytes for a hello, where names are short', async () => {
    const published = await watchPublished();
    const instance = { service: 'orders', version: '1.0' };
    await startReporting({}, { instance });
    const [hello] = await published.count(1);
    const named = { ...hello, instance: { ...hello?.instance, host: 'web-1', pid: 7 } };
    expect(hello).toMatchObject({ type: 'hello', state: 'ready', instance });
    expect(JSON.stringify(named).length).toBeLessThan(200);
  });

  it('reports at once when it starts and somebody listens', async () => {
    const viewer = await view();
    const { app, publisher } = await startReporting();
    const first = await viewer.report();
    expect(first).toMatchObject({
      instance: { service: 'orders', pid: process.pid },
      state: 'ready',
      transport: { name: 'redis' },
      codec: 'json',
      prefix: '',
      subscriptions: [{ kind: 'pattern', target: 'orders:*', state: 'active' }],
      handlers: [{ handler: 'OrderNotifier.notify', targets: ['orders:*'], handled: 0 }],
    });
    expect(first.links.map(({ role }) => role)).toEqual(['publisher', 'subscriber']);

    await publisher.publish('orders:created', { id: 7 });
    await publisher.publish('news', {});
    const tail = await viewer.tail(3);
    const { published, handlers, counters } = await viewer.report();
    expect(published.top).toEqual([
      {
        name: 'orders:created',
        isTemplate: false,
        kind: 'channel',
        published: 1,
        nobody: 0,
        failed: 0,
        subscriptions: 1,
      },
      {
        name: 'news',
        isTemplate: false,
        kind: 'channel',
        published: 1,
        nobody: 1,
        failed: 0,
        subscriptions: 0,
      },
    ]);
    expect(handlers).toMatchObject([{ handled: 1, durations: { calls: 1 } }]);
    expect(counters).toMatchObject({ published: 2, received: 1, handled: 1 });
    expect(tail).toMatchObject([
      {
        what: 'handled',
        channel: 'orders:created',
        target: 'orders:*',
        handler: 'OrderNotifier.notify',
        attempt: 1,
      },
      { what: 'published', channel: 'orders:created', subscriptions: 1, bytes: 8 },
      { what: 'published', channel: 'news', subscriptions: 0 },
    ]);
    expect(JSON.stringify(tail)).not.toContain('"payload"');
    await app.close();
    expect(viewer.states).toEqual(['orders gone']);
  });

  it('tells a gap and a change of state at once', async () => {
    const viewer = await view();
    await startFast();
    await viewer.report();
    await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    const { gaps, state } = await viewer.report((report) => report.gaps.length > 0);
    expect(gaps).toEqual([
      {
        reason: 'connection-lost',
        targets: ['orders:*'],
        fromMs: expect.any(Number),
        toMs: expect.any(Number),
      },
    ]);
    expect(state).toBe('ready');
    expect((await viewer.report()).gaps).toEqual([]);
  });

  it('says bye when it shuts down, after its last handler', async () => {
    const viewer = await view();
    const { app } = await startReporting();
    await viewer.report();
    await app.close();
    await eventually(() => expect(viewer.states).toEqual(['orders gone']));
    expect(viewer.directory.instances()).toMatchObject([{ saidBye: true }]);
    expect(typesOf(viewer.messages.items).at(-1)).toBe('bye');
  });

  it('is in no counter, in no handler for everything, and in no sequence of numbers', async () => {
    class Everything {
      @OnEvent('*')
      take(event: unknown): void {
        handled.push(event);
      }
    }
    const viewer = await view();
    const app = await start(
      { imports: [EventBusReportingModule.forRoot()], providers: [Everything] },
      bus({ codec: cloudEvents({ source: '/orders' }) }),
    );
    await viewer.report();
    await viewer.report();
    await app.publisher.publish('fence', 1);
    await handled.count(1);
    expect(handled.items).toEqual([1]);
    expect(app.counters).toMatchObject({ published: 1, received: 1, unmatched: 0, unsequenced: 0, gaps: 0 });
  });

  it('reaches a handler that asks for exactly that channel', async () => {
    class Console {
      @OnEvent(CHANNEL)
      take(message: unknown): void {
        handled.push(message);
      }
      @OnEvent('event-bus:*')
      any(): void {}
    }
    await start({ imports: [EventBusReportingModule.forRoot()], providers: [Console] }, bus());
    await handled.count(1);
    expect(handled.items[0]).toMatchObject({ v: 1, instance: { pid: process.pid } });
  });

  it.each<[string, EventCodec, string]>([
    ['json()', json(), ''],
    ['raw()', raw(), 'shop:'],
    ['cloudEvents()', cloudEvents({ source: '/orders' }), 'shop:'],
  ])('reports plain JSON with %s', async (_name, codec, prefix) => {
    const viewer = await view(prefix);
    const { publisher } = await startReporting({ payloads: 'preview' }, { codec, prefix });
    await viewer.report();
    await publisher.publish('orders:created', codec.name === 'raw' ? Buffer.from('seven') : 'seven');
    const tail = await viewer.tail(2);
    expect(tail.map(({ what, payload }) => [what, payload])).toEqual([
      ['handled', '"seven"'],
      ['published', '"seven"'],
    ]);
    const ids = new Set(tail.map(({ id }) => typeof id));
    expect([...ids]).toEqual([codec.name === 'cloud-events' ? 'string' : 'undefined']);
    expect(viewer.directory.ignored).toEqual({
      'too-large': 0,
      'not-json': 0,
      'other-version': 0,
      'wrong-shape': 0,
      'too-many-instances': 0,
    });
  });

  it('reports each of several buses', async () => {
    const viewer = await view();
    const imports = [EventBusReportingModule.forRoot(), EventBusReportingModule.forRoot({ bus: 'audit' })];
    const { app } = await start({ imports }, bus(), bus({ name: 'audit' }));
    await app.get<EventBusPublisher>(eventBusToken(EventBusPublisher, 'audit')).publish('audited', 1);
    const report = await viewer.report((said) => said.bus === 'audit');
    expect(report.counters.published).toBe(1);
    const known = () => viewer.directory.instances().map((instance) => instance.bus);
    await eventually(() => expect(known().toSorted()).toEqual(['audit', 'default']));
  });
});

describe('what a report reveals', () => {
  it('is the class of an error, and not its message', async () => {
    const viewer = await view();
    const { publisher } = await startReporting();
    await viewer.report();
    await publisher.publish('orders:created', 'refuse');
    const { tail } = await viewer.report((report) => report.tail.some(({ what }) => what === 'failed'));
    expect(tail.at(-1)).toMatchObject({ what: 'failed', error: 'RangeError' });
    expect(viewer.bodies.join('\n')).not.toContain('secret');
  });

  it('is what redact leaves of a payload', async () => {
    const viewer = await view();
    const redact = (payload: unknown) => ({ ...(payload as object), card: '…' });
    const { publisher } = await startReporting({ payloads: 'preview', redact });
    await viewer.report();
    await publisher.publish('orders:paid', { id: 7, card: '4111' });
    const tail = await viewer.tail(2);
    expect(tail.map(({ payload }) => payload)).toEqual(['{"id":7,"card":"…"}', '{"id":7,"card":"…"}']);
    expect(viewer.bodies.join('\n')).not.toContain('4111');
  });

  it('is nothing of a payload for which redact throws: the event is handled, and that is logged once', async () => {
    const viewer = await view();
    const redact = () => {
      throw new Error('no card');
    };
    const { publisher, lines } = await startReporting({ payloads: 'preview', redact }).then((started) => ({
      publisher: started.publisher,
      lines: () => started.lines('warn', 'error'),
    }));
    await viewer.report();
    await publisher.publish('orders:paid', { card: '4111' });
    const tail = await viewer.tail(2);
    expect(tail).toMatchObject([{ isHidden: true }, { isHidden: true }]);
    expect(handled.items).toEqual([{ card: '4111' }]);
    expect(lines()).toEqual([expect.stringContaining('redact of the reports failed')]);
  });

  it('is no channel but those of the code with channels: targets', async () => {
    const viewer = await view();
    const userSeen = defineEvent('users:<name>:seen');
    const { publisher } = await startReporting({ channels: 'targets' });
    await viewer.report();
    await publisher.publish(userSeen, {}, { params: { name: 'annabel' } });
    await publisher.publish('orders:annabel', {});
    const tail = await viewer.tail(3);
    const { published } = await viewer.report();
    expect(tail.map(({ what, target }) => [what, target])).toEqual([
      ['handled', 'orders:*'],
      ['published', 'users:<name>:seen'],
      ['published', undefined],
    ]);
    expect(published).toMatchObject({ top: [{ name: 'users:<name>:seen' }], rest: { published: 1 } });
    expect(viewer.bodies.join('\n')).not.toContain('annabel');
  });

  it('fits into 64 KB, and says what is left out', async () => {
    const viewer = await view();
    const { publisher } = await startReporting({ payloads: 'preview' });
    await viewer.report();
    const channels = Array.from({ length: 60 }, (_, index) => `orders:${index}:${'x'.repeat(230)}`);
    const payload = '…'.repeat(300);
    await publisher.publishMany(channels.flatMap((channel) => [1, 2, 3].map(() => ({ channel, payload }))));
    const { tail, leftOut, published } = await viewer.report((report) => report.tail.length > 0);
    expect(Math.max(...viewer.bodies.map((body) => Buffer.byteLength(body)))).toBeLessThanOrEqual(
      MAX_REPORT_BYTES,
    );
    expect(viewer.directory.ignored['too-large']).toBe(0);
    expect(leftOut).toMatchObject({ tail: expect.any(Number), published: 10 });
    const events = (leftOut?.tail ?? 0) + tail.length;
    // Those that were handled by then are in it, too.
    expect(events).toBeGreaterThanOrEqual(180);
    expect(published.rest.published).toBe(30);
  });
});

describe('an instance that may not report', () => {
  const user = async (...rules: readonly string[]): Promise<string> => {
    const name = `user-${randomUUID()}`;
    await server.cli(
      'ACL',
      'SETUSER',
      name,
      'on',
      '>secret',
      'resetchannels',
      '&orders:*',
      '+@all',
      ...rules,
    );
    return server.url.replace('//', `//${name}:secret@`);
  };

  it('starts, works, says so once, and reports when it may', async () => {
    const url = await user();
    const app = await start(
      { providers: [OrderNotifier, fastReports({ service: 'orders' })] },
      bus({ transport: redis({ url, heartbeat }) }),
    );
    await eventually(() => expect(app.lines('warn', 'error')).toHaveLength(1));
    await app.publisher.publish('orders:created', 7);
    await handled.count(1);
    const denials = async () => JSON.stringify(await server.cli('ACL', 'LOG'));
    await server.cli('ACL', 'LOG', 'RESET');
    await eventually(async () => expect(await denials()).toContain(CHANNEL));
    expect(app.lines('warn', 'error')).toEqual([
      expect.stringMatching(/^This instance cannot report itself .*event-bus:instances.*NOPERM/),
    ]);
    expect(app.status.current).toBe('ready');

    const [, name = ''] = /\/\/([^:]+):/.exec(url) ?? [];
    const viewer = await view();
    await server.cli('ACL', 'SETUSER', name, `&${CHANNEL}`);
    expect(await viewer.report()).toMatchObject({ state: 'ready' });
  });

  it('needs no other warning than that of the bus while there is no connection, and is back with it', async () => {
    const own = await RedisServer.start();
    closers.push(() => own.stop());
    const transport = redis({ url: own.url, heartbeat });
    const app = await start({ providers: [fastReports()] }, bus({ transport }));
    process.kill(own.pid, 'SIGKILL');
    await eventually(() => expect(app.status.current).toBe('degraded'));
    await own.restart();
    const viewer = await ReportViewer.open(redis({ url: own.url, heartbeat }));
    closers.push(() => viewer.close());
    await viewer.report();
    expect(app.lines('warn', 'error').filter((line) => line.includes('report'))).toEqual([]);
  });

  it('is told what is wrong with its options', async () => {
    const wrong = (options: unknown) =>
      problemsOf({ imports: [EventBusReportingModule.forRoot(options as EventBusReportingOptions)] }, bus());
    expect(
      await wrong({ payloads: 'all', channels: 1, service: '', redact: 'x', bus: '', port: 1 }),
    ).toHaveLength(7);
    expect(await wrong(null)).toEqual([
      expect.stringContaining('EventBusReportingModule: options must be an object'),
    ]);
    expect(await wrong({ redact: () => undefined })).toEqual([
      expect.stringContaining("payloads: 'preview'"),
    ]);
    expect(await wrong({ bus: 'other' })).toEqual([expect.stringContaining('finds no bus "other"')]);
  });
});

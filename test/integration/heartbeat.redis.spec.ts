/** @needs-redis-7 no sharded pub/sub */
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import type { Redis } from 'ioredis';
import { ListenerRecord } from '../../libs/event-bus/src/conformance/listener.record.js';
import { publishOutcomes } from '../../libs/event-bus/src/conformance/publish.outcomes.js';
import type {
  EventTransport,
  SubscriptionTarget,
} from '../../libs/event-bus/src/transports/event.transport.js';
import type { RedisTransportOptions } from '../../libs/event-bus/src/transports/redis/redis.options.js';
import { redis } from '../../libs/event-bus/src/transports/redis/redis.transport.js';
import { eventually, settled } from '../support/eventually.js';
import { freePort } from '../support/free.port.js';
import { RedisServer } from '../support/redis.server.js';
import type { RedisServerOptions } from '../support/redis.server.js';
import { TcpProxy } from '../support/tcp.proxy.js';

/** Set for each project in jest.config.mjs. */
declare const IOREDIS_MAJOR: number;

const FAST = { intervalMs: 100, timeoutMs: 200 };
/** No beat as long as a test runs: the protection is off. */
const NEVER = { intervalMs: 2 ** 31 - 1 };

const channel = (name: string): SubscriptionTarget => ({ kind: 'channel', name });
const pattern = (name: string): SubscriptionTarget => ({ kind: 'pattern', name });
const shard = (name: string): SubscriptionTarget => ({ kind: 'shard', name });
const [orders, paid, shop] = [channel('orders'), pattern('paid:*'), shard('shop')];

let closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.reverse()) await close();
  closers = [];
});

async function startServer(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await RedisServer.start(options);
  closers.push(() => server.stop());
  return server;
}

async function startProxy(server: RedisServer): Promise<TcpProxy> {
  const proxy = await TcpProxy.start({ targetPort: server.port });
  closers.push(() => proxy.stop());
  return proxy;
}

const urlOf = (proxy: TcpProxy) => `redis://127.0.0.1:${proxy.port}`;

class Bus {
  readonly transport: EventTransport;

  constructor(
    options: RedisTransportOptions,
    readonly record = new ListenerRecord(),
  ) {
    this.transport = redis({ heartbeat: FAST, ...options }).create(record);
    closers.push(() => this.transport.close());
  }

  get clients(): [publisher: Redis, subscriber: Redis] {
    return this.transport.unwrap?.() as [Redis, Redis];
  }

  get interruptions() {
    return this.record.calls.flatMap((call) => (call.call === 'resumed' ? [call.interruption] : []));
  }

  get warnings() {
    return this.record.calls.flatMap((call) => (call.call === 'warned' ? [call.warning] : []));
  }

  get statuses() {
    return this.record.states.map(({ status }) => status).filter((status, n, all) => status !== all[n - 1]);
  }

  /** What was called, in order, without the reasons. */
  get story() {
    return this.record.calls.map((call) => (call.call === 'state' ? call.state.status : call.call));
  }

  async subscribe(...targets: SubscriptionTarget[]): Promise<void> {
    const outcomes = await this.transport.subscribe(targets);
    expect(outcomes.filter(({ error }) => error)).toEqual([]);
  }

  async publish(
    name: string,
    body: string | (() => string) = 'x',
    kind: 'channel' | 'shard' = 'channel',
  ): Promise<unknown> {
    const [outcome] = await publishOutcomes(this.transport, [{ kind, channel: name, body }]);
    return outcome;
  }

  /** Publishes and waits until it has come. */
  async roundTrip(name: string, body: string, kind: 'channel' | 'shard' = 'channel'): Promise<void> {
    expect(await this.publish(name, body, kind)).toEqual({ subscriptions: 1 });
    await this.record.until(`${body} on ${name}`, () =>
      this.record.messages.some((message) => message.channel === name && message.body.toString() === body),
    );
  }

  /** Resolves when it has been in this state since `calls` were made. */
  async until(status: string, reason = '', since = 0): Promise<void> {
    await this.record.until(`${status} ${reason}`, () =>
      this.record.calls
        .slice(since)
        .some(
          (call) =>
            call.call === 'state' &&
            call.state.status === status &&
            (call.state.reason ?? '').includes(reason),
        ),
    );
  }

  /** Resolves when it is well again after everything that was asked for so far. */
  async untilBack(interruptions: number): Promise<void> {
    await this.record.until(
      `interruption ${interruptions} to be over`,
      () => this.interruptions.length >= interruptions && this.transport.state.status === 'ready',
    );
  }
}

async function open(options: RedisTransportOptions, record?: ListenerRecord): Promise<Bus> {
  const bus = new Bus(options, record);
  await bus.transport.connect();
  return bus;
}

async function callsOf(server: RedisServer, command: string): Promise<number> {
  const stats = String(await server.cli('INFO', 'commandstats'));
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

/** Resolves when so many more heartbeats have been answered. */
async function beats(server: RedisServer, count: number, command = 'unsubscribe'): Promise<void> {
  const before = await callsOf(server, command);
  await eventually(async () => expect(await callsOf(server, command)).toBeGreaterThanOrEqual(before + count));
  await settled();
}

/** Holds up everything else in this process. */
function block(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

const protocols: RedisTransportOptions[] = IOREDIS_MAJOR >= 6 ? [{ protocol: 2 }, { protocol: 3 }] : [{}];

describe('a link that is dead without a sign', () => {
  it('is noticed when it is half open, and replaced; without a heartbeat it is not (control)', async () => {
    const server = await startServer();
    const proxy = await startProxy(server);
    const [bus, deaf] = [
      await open({ url: urlOf(proxy) }),
      await open({ url: urlOf(proxy), heartbeat: NEVER }),
    ];
    await bus.subscribe(orders, paid, shop);
    await deaf.subscribe(orders);

    const cutAtMs = Date.now();
    proxy.pause();
    await bus.until('degraded', 'no answer to the heartbeat within 200 ms');
    // Every attempt ends in the same hole.
    await bus.until('degraded', 'no answer to the handshake within 200 ms');
    proxy.resume();
    await bus.untilBack(1);
    await bus.roundTrip('paid:card', 'pattern');
    await bus.roundTrip('shop', 'shard', 'shard');

    expect(deaf.statuses).toEqual(['ready']);
    expect(bus.statuses).toEqual(['ready', 'degraded', 'ready']);
    const [interruption] = bus.interruptions;
    expect(bus.interruptions).toEqual([
      {
        reason: 'connection-lost',
        targets: [orders, paid, shop],
        fromMs: expect.anything(),
        toMs: expect.anything(),
      },
    ]);
    expect(interruption?.fromMs).toBeLessThanOrEqual(cutAtMs);
    expect(interruption?.toMs).toBeGreaterThan(cutAtMs);
  });

  it('is noticed when the server stands still, and works again when it goes on', async () => {
    const server = await startServer();
    const bus = await open({ url: server.url });
    await bus.subscribe(orders);
    await server.kill('SIGSTOP');
    const publishing = bus.publish('orders', 'in the dark');
    await bus.until('degraded', 'no answer to the heartbeat');
    expect(await publishing).toMatchObject({ error: { code: 'EVENT_BUS_PUBLISH_UNCONFIRMED' } });
    await bus.until('degraded', 'no answer to the handshake');
    await server.kill('SIGCONT');
    await bus.untilBack(1);
    await bus.roundTrip('orders', 'light');
    expect(bus.statuses).toEqual(['ready', 'degraded', 'ready']);
    expect(bus.interruptions).toHaveLength(1);
  });

  it('is noticed on the publishing side alone, without an interruption', async () => {
    const server = await startServer();
    const bus = await open({ url: server.url });
    await bus.subscribe(orders);
    // Nothing comes through this socket any more, and nobody is told.
    bus.clients[0].stream.pause();
    await bus.until('degraded', 'no answer to the heartbeat');
    await bus.record.until(
      'the new link',
      () => bus.story.filter((call) => call === 'writable').length === 2,
    );
    await bus.roundTrip('orders', 'x');
    expect(bus.interruptions).toEqual([]);
    expect(bus.record.count('confirmed', orders)).toBe(1);
  });

  it('is not taken for dead because this process stands still', async () => {
    const server = await startServer();
    class Busy extends ListenerRecord {
      override message(...message: Parameters<ListenerRecord['message']>): void {
        super.message(...message);
        block(1_000);
      }
    }
    const bus = await open({ url: server.url }, new Busy());
    await bus.subscribe(orders);
    const sockets = bus.clients.map(({ stream }) => stream);
    await bus.roundTrip('orders', 'x');
    await bus.record.until('a warning', () => bus.warnings.length > 0);
    await beats(server, 3);
    expect(bus.clients.map(({ stream }) => stream)).toEqual(sockets);
    expect(bus.statuses).toEqual(['ready']);
    expect(bus.warnings).toEqual([
      {
        sentence: 'The event loop was blocked',
        fields: { blockedMs: expect.any(Number) },
        advice: expect.stringContaining('worker thread'),
      },
    ]);
    expect(bus.warnings[0]?.fields.blockedMs).toBeGreaterThanOrEqual(100);
  });
});

describe.each(protocols)('a heartbeat with %j', (protocol) => {
  it('keeps an idle connection, with and without subscriptions', async () => {
    const server = await startServer();
    const bus = await open({ url: server.url, ...protocol } as RedisTransportOptions);
    await beats(server, 2);
    await bus.subscribe(shop);
    await beats(server, 2, 'sunsubscribe');
    await bus.roundTrip('shop', 'shard', 'shard');
    await bus.subscribe(orders, paid);
    await beats(server, 2);
    await bus.roundTrip('orders', 'channel');
    await bus.roundTrip('paid:card', 'pattern');
    await bus.transport.unsubscribe([orders, paid]);
    await beats(server, 2);
    await bus.roundTrip('shop', 'still', 'shard');
    await bus.transport.unsubscribe([shop]);
    await beats(server, 2);
    await bus.subscribe(orders, shop);
    await beats(server, 2);
    await bus.roundTrip('orders', 'again');
    await bus.roundTrip('shop', 'again', 'shard');
    expect(bus.statuses).toEqual(['ready']);
    expect(bus.interruptions).toEqual([]);
    expect(await callsOf(server, 'ping')).toBeGreaterThan(0);
  });

  it.each([orders, paid, shop])('repairs a lost subscription: %j', async (lost) => {
    const server = await startServer();
    const bus = await open({ url: server.url, ...protocol } as RedisTransportOptions);
    await bus.subscribe(channel('other'), orders, paid, shop);
    const since = bus.story.length;
    const lostAtMs = Date.now();
    const subscriber = bus.clients[1];
    const unsubscribe = { channel: 'unsubscribe', pattern: 'punsubscribe', shard: 'sunsubscribe' } as const;
    await subscriber[unsubscribe[lost.kind]](lost.name);
    await bus.untilBack(1);

    const story = bus.story.slice(since);
    expect(story[0]).toBe('degraded');
    expect(story.at(-2)).toBe('resumed');
    expect(story.at(-1)).toBe('ready');
    expect(story).not.toContain('released');
    expect(bus.record.states.find(({ status }) => status === 'degraded')?.reason).toMatch(
      /^subscription-lost: the server has \d (channels and patterns|shard channels), 1 too few$/,
    );
    const [interruption] = bus.interruptions;
    expect(interruption?.reason).toBe('subscription-lost');
    expect(interruption?.targets).toHaveLength(4);
    expect(interruption?.fromMs).toBeLessThanOrEqual(lostAtMs);
    await bus.roundTrip('orders', 'a');
    await bus.roundTrip('paid:card', 'b');
    await bus.roundTrip('shop', 'c', 'shard');
    await beats(server, 3);
    expect(bus.interruptions).toHaveLength(1);
  });

  it('repairs the only subscription, and every time it is lost', async () => {
    const server = await startServer();
    const bus = await open({ url: server.url, ...protocol } as RedisTransportOptions);
    await bus.subscribe(orders);
    for (let round = 1; round <= 3; round += 1) {
      await bus.clients[1].unsubscribe('orders');
      await bus.untilBack(round);
      await bus.roundTrip('orders', `round ${round}`);
    }
    expect(bus.interruptions).toHaveLength(3);
  });

  it('does not mind what else is subscribed to on its connection', async () => {
    const server = await startServer();
    const bus = await open({ url: server.url, ...protocol } as RedisTransportOptions);
    await bus.subscribe(orders);
    await bus.clients[1].subscribe('foreign');
    await beats(server, 4);
    await bus.roundTrip('orders', 'x');
    expect(bus.statuses).toEqual(['ready']);
    expect(bus.interruptions).toEqual([]);
  });
});

describe('a subscription that is lost without a heartbeat (control)', () => {
  it('stays lost, and nobody knows', async () => {
    const server = await startServer();
    const [bus, watched] = [
      await open({ url: server.url, heartbeat: NEVER }),
      await open({ url: server.url }),
    ];
    await bus.subscribe(orders);
    await watched.subscribe(paid);
    await bus.clients[1].unsubscribe('orders');
    await watched.clients[1].punsubscribe('paid:*');
    await watched.untilBack(1);
    expect(await bus.publish('orders')).toEqual({ subscriptions: 0 });
    expect(bus.statuses).toEqual(['ready']);
    expect(bus.interruptions).toEqual([]);
  });
});

describe('the permissions of a heartbeat', () => {
  const FACTS = ['+subscribe', '+psubscribe', '+unsubscribe', '+punsubscribe', '+ping', '+info', '+publish'];
  const login = async (server: RedisServer, ...commands: string[]) => {
    await server.cli(
      'ACL',
      'SETUSER',
      'bus',
      'on',
      '>pw',
      'resetkeys',
      '&orders',
      '&paid:*',
      '-@all',
      ...commands,
    );
    return server.url.replace('//', '//bus:pw@');
  };

  it('are those of subscribing and publishing', async () => {
    const server = await startServer();
    const bus = await open({ url: await login(server, ...FACTS) });
    await bus.subscribe(orders, paid);
    await beats(server, 3);
    await beats(server, 3, 'ping');
    expect(await server.cli('ACL', 'LOG')).toEqual([]);
    expect(bus.statuses).toEqual(['ready']);
  });

  it('may be missing: a refusal proves the link as well', async () => {
    const server = await startServer();
    const bus = await open({
      url: await login(server, ...FACTS.filter((command) => !/unsubscribe|ping/.test(command))),
    });
    await bus.subscribe(orders);
    await eventually(async () => {
      const stats = String(await server.cli('INFO', 'commandstats'));
      expect(Number(/cmdstat_unsubscribe:.*rejected_calls=(\d+)/.exec(stats)?.[1])).toBeGreaterThan(3);
      expect(Number(/cmdstat_ping:.*rejected_calls=(\d+)/.exec(stats)?.[1])).toBeGreaterThan(3);
    });
    await bus.roundTrip('orders', 'x');
    expect(bus.statuses).toEqual(['ready']);
  });
});

describe('an interruption', () => {
  it('is told exactly once for each time the connection is killed', async () => {
    const server = await startServer();
    const bus = await open({ url: server.url });
    await bus.subscribe(orders, paid, shop);
    for (let round = 1; round <= 5; round += 1) {
      const since = bus.story.length;
      const killedAtMs = Date.now();
      await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await bus.untilBack(round);
      expect(bus.interruptions).toHaveLength(round);
      const { fromMs, toMs, ...rest } = bus.interruptions.at(-1)!;
      expect(rest).toEqual({ reason: 'connection-lost', targets: [orders, paid, shop] });
      expect(fromMs).toBeLessThanOrEqual(killedAtMs);
      expect(toMs).toBeGreaterThanOrEqual(killedAtMs);
      const story = bus.story.slice(since).filter((call, n, all) => call !== all[n - 1]);
      expect(story).toEqual(['released', 'degraded', 'confirmed', 'resumed', 'ready']);
    }
  });

  it('is told once when the server was gone for several attempts', async () => {
    const server = await startServer();
    const bus = await open({ url: server.url });
    await bus.subscribe(orders, paid, shop);
    const killedAtMs = Date.now();
    await server.kill('SIGKILL');
    await bus.until('degraded', 'ECONNREFUSED');
    await server.restart();
    await bus.untilBack(1);
    await bus.roundTrip('orders', 'back');
    expect(bus.interruptions).toMatchObject([{ reason: 'connection-lost', targets: [orders, paid, shop] }]);
    expect(bus.interruptions[0]?.fromMs).toBeLessThanOrEqual(killedAtMs);
    expect(bus.statuses).toEqual(['ready', 'degraded', 'ready']);
  });

  it('is told for a denied subscription on its own, when it is back', async () => {
    const server = await startServer();
    const grant = (...channels: string[]) =>
      server.cli('ACL', 'SETUSER', 'bus', 'on', '>pw', 'resetchannels', ...channels, '+@all');
    await grant('&orders', '&paid:*');
    const bus = await open({ url: server.url.replace('//', '//bus:pw@') });
    await bus.subscribe(orders, paid);
    const killedAtMs = Date.now();
    await grant('&paid:*');
    await bus.record.until('the others', () => bus.interruptions.length === 1);
    expect(bus.interruptions).toMatchObject([{ reason: 'connection-lost', targets: [paid] }]);
    expect(bus.transport.state).toMatchObject({
      status: 'degraded',
      reason: expect.stringContaining('NOPERM'),
    });
    await grant('&orders', '&paid:*');
    await bus.subscribe(orders);
    expect(bus.interruptions.slice(1)).toMatchObject([{ reason: 'subscription-denied', targets: [orders] }]);
    expect(bus.interruptions[1]?.fromMs).toBeLessThanOrEqual(killedAtMs);
    expect(bus.transport.state.status).toBe('ready');
  });

  it('names the output buffer when the server closes a process that stood still', async () => {
    const server = await startServer({ args: ['--client-output-buffer-limit', 'pubsub 1mb 0 0'] });
    const bus = await open({ url: server.url });
    await bus.subscribe(orders);
    await beats(server, 1);
    const flood =
      "local mb = string.rep('x', 1024 * 1024) for n = 1, 64 do redis.call('PUBLISH', 'orders', mb) end";
    const flooding = bus.clients[0].eval(flood, 0);
    // The command is on its way before the loop stands still.
    await settled();
    block(1_500);
    await flooding;
    await bus.untilBack(1);
    expect(bus.interruptions).toMatchObject([
      { reason: 'connection-lost', hint: expect.stringContaining('client-output-buffer-limit pubsub') },
    ]);
    await bus.roundTrip('orders', 'x');
    await beats(server, 3);
    await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await bus.untilBack(2);
    expect(bus.interruptions[1]).not.toHaveProperty('hint');
  });
});

describe('a server that turns connections away', () => {
  it('says that it has too many clients', async () => {
    const server = await startServer({ args: ['--maxclients', '4'] });
    const holders = await Promise.all(Array.from({ length: 4 }, () => connection(server.port)));
    const bus = new Bus({ url: server.url });
    const connecting = bus.transport.connect();
    await bus.until('connecting', 'ERR max number of clients reached');
    for (const holder of holders) holder.destroy();
    await connecting;
    await bus.subscribe(orders);
    await bus.roundTrip('orders', 'x');
    expect(bus.transport.state).toEqual({ status: 'ready' });
  });

  it('is asked once for its reason, which it tells nobody who writes first', async () => {
    const server = await startServer();
    const port = await freePort();
    let isFull = true;
    let probes = 0;
    const door = createServer((client) => {
      client.on('error', () => undefined);
      if (!isFull) {
        const upstream = connect(server.port, '127.0.0.1').on('error', () => undefined);
        client.pipe(upstream).pipe(client);
        closers.push(() => [client, upstream].forEach((socket) => socket.destroy()));
        return;
      }
      const tell = setTimeout(() => {
        probes += 1;
        client.end('-ERR max number of clients reached\r\n');
      }, 100);
      client.once('data', () => {
        clearTimeout(tell);
        client.resetAndDestroy();
      });
    });
    await new Promise<void>((resolve) => door.listen(port, '127.0.0.1', resolve));
    closers.push(() => door.close());

    const bus = new Bus({ url: `redis://127.0.0.1:${port}` });
    const connecting = bus.transport.connect();
    await bus.until('connecting', 'ERR max number of clients reached');
    isFull = false;
    await connecting;
    // One for each of the two connections.
    expect(probes).toBe(2);
    const reasons = bus.record.states.map(({ reason }) => reason);
    expect(new Set(reasons).size).toBe(reasons.length);
    await bus.subscribe(orders);
    await bus.roundTrip('orders', 'x');
  });

  it('is tried again until its password is right, and says why not once', async () => {
    const server = await startServer({ password: 's3cret' });
    const bus = await open({ url: server.url });
    await bus.subscribe(orders);
    await server.cli('CONFIG', 'SET', 'requirepass', 'other');
    const admin = await connection(server.port);
    admin.write('AUTH other\r\nCLIENT KILL TYPE pubsub\r\nCLIENT KILL TYPE normal SKIPME yes\r\n');
    await bus.until('degraded', 'WRONGPASS');
    await eventually(async () => expect(await failedLogins(admin)).toBeGreaterThan(6));
    admin.write('CONFIG SET requirepass s3cret\r\n');
    await bus.untilBack(1);
    await bus.roundTrip('orders', 'x');
    expect(bus.statuses).toEqual(['ready', 'degraded', 'ready']);
    const reasons = bus.record.states
      .filter(({ status }) => status === 'degraded')
      .map(({ reason }) => reason);
    expect(reasons.filter((reason) => reason?.includes('WRONGPASS'))).toHaveLength(1);
    expect(bus.record.states.map(({ reason }) => reason).join()).not.toContain('s3cret');
  });

  async function failedLogins(admin: Socket): Promise<number> {
    const reply = new Promise<string>((resolve) => {
      let text = '';
      const read = (chunk: Buffer) => {
        text += String(chunk);
        if (!text.includes('# Errorstats') || !text.endsWith('\r\n')) return;
        admin.off('data', read);
        resolve(text);
      };
      admin.on('data', read);
    });
    admin.write('INFO errorstats\r\n');
    return Number(/errorstat_WRONGPASS:count=(\d+)/.exec(await reply)?.[1] ?? 0);
  }

  async function connection(port: number): Promise<Socket> {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    closers.push(() => socket.destroy());
    // Greeted: it has its place among the clients.
    socket.write('PING\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    return socket;
  }
});

describe('a replica', () => {
  it('is warned of once, however often the connection is replaced; a master is not', async () => {
    const master = await startServer({ args: ['--repl-diskless-sync-delay', '0'] });
    const replica = await startServer({ args: ['--replicaof', '127.0.0.1', String(master.port)] });
    await eventually(async () =>
      expect(await replica.cli('INFO', 'replication')).toContain('link_status:up'),
    );
    const [bus, onMaster] = [await open({ url: replica.url }), await open({ url: master.url })];
    await bus.record.until('a warning', () => bus.warnings.length > 0);
    expect(bus.warnings).toEqual([
      {
        sentence: 'Connected to a replica: events published here only reach its own subscribers',
        fields: { address: `127.0.0.1:${replica.port}` },
        advice: expect.stringContaining('master'),
      },
    ]);
    for (const sendables of [2, 3]) {
      await replica.cli('CLIENT', 'KILL', 'TYPE', 'normal');
      await bus.record.until(
        'a new link',
        () => bus.story.filter((call) => call === 'writable').length >= sendables,
      );
      // Answered after what was asked on the new link before.
      await bus.transport.inspect!({ query: 'patternCount' });
    }
    // A busy machine may add that the event loop was blocked.
    const ofReplica = ({ sentence }: { readonly sentence: string }) => sentence.includes('replica');
    expect(bus.warnings.filter(ofReplica)).toHaveLength(1);
    await onMaster.transport.inspect!({ query: 'patternCount' });
    expect(onMaster.warnings.filter(ofReplica)).toEqual([]);
    await expect(bus.transport.claim?.('key', 1_000)).rejects.toThrow('READONLY');
  });
});

describe('publishing', () => {
  it('tells when messages can be sent, for the first time and after each loss', async () => {
    const server = await startServer();
    const bus = new Bus({ url: server.url });
    expect(bus.story).toEqual([]);
    await bus.transport.connect();
    await bus.record.until('writable', () => bus.story.includes('writable'));
    await server.cli('CLIENT', 'KILL', 'TYPE', 'normal');
    await bus.record.until(
      'writable again',
      () => bus.story.filter((call) => call === 'writable').length === 2,
    );
    expect(await bus.publish('orders')).toEqual({ subscriptions: 0 });
  });

  it('makes no body for what is not sent', async () => {
    const server = await startServer();
    const bus = new Bus({ url: server.url });
    let made = 0;
    const body = () => {
      made += 1;
      return 'x';
    };
    expect(await bus.publish('orders', body)).toMatchObject({ error: { code: 'EVENT_BUS_NOT_CONNECTED' } });
    await bus.transport.connect();
    // The socket is gone, and ioredis has not heard of it yet.
    bus.clients[0].stream.destroy();
    expect(bus.clients[0].status).toBe('ready');
    expect(await bus.publish('orders', body)).toMatchObject({ error: { code: 'EVENT_BUS_NOT_CONNECTED' } });
    expect(made).toBe(0);
    await bus.record.until(
      'writable again',
      () => bus.story.filter((call) => call === 'writable').length === 2,
    );
    expect(await bus.publish('orders', body)).toEqual({ subscriptions: 0 });
    expect(made).toBe(1);
  });

  it('takes a body that cannot be made for the failure of that message', async () => {
    const server = await startServer();
    const bus = await open({ url: server.url });
    const fail = () => {
      throw new Error('no body');
    };
    const outcomes = await publishOutcomes(bus.transport, [
      { kind: 'channel', channel: 'orders', body: fail },
      { kind: 'channel', channel: 'orders', body: 'x' },
    ]);
    expect(outcomes).toMatchObject([{ error: { message: 'no body' } }, { subscriptions: 0 }]);
  });

  it('refuses more than a server that stands still can be sent, and tells when it goes on', async () => {
    const server = await startServer();
    const bus = await open({ url: server.url, heartbeat: NEVER });
    await server.kill('SIGSTOP');
    let made = 0;
    const body = () => {
      made += 1;
      return 'x'.repeat(1024 * 1024);
    };
    const publishing = Array.from({ length: 120 }, () => bus.publish('orders', body));
    const madeWhileStopped = made;
    expect(madeWhileStopped).toBeGreaterThan(64);
    expect(madeWhileStopped).toBeLessThan(120);
    await server.kill('SIGCONT');
    const outcomes = await Promise.all(publishing);
    expect(outcomes.filter((outcome) => 'subscriptions' in (outcome as object))).toHaveLength(
      madeWhileStopped,
    );
    expect(outcomes.at(-1)).toMatchObject({
      error: { code: 'EVENT_BUS_PUBLISH_BUFFER_FULL', limit: '64 MiB' },
    });
    await bus.record.until(
      'writable again',
      () => bus.story.filter((call) => call === 'writable').length === 2,
    );
    expect(await bus.publish('orders', body)).toEqual({ subscriptions: 0 });
    expect(made).toBe(madeWhileStopped + 1);
  });
});

describe('a claim', () => {
  it('is a key of its own that expires', async () => {
    const server = await startServer();
    const bus = await open({ url: server.url });
    expect(await bus.transport.claim?.('group:event', 60_000)).toBe(true);
    expect(await server.cli('PTTL', 'group:event')).toBeGreaterThan(50_000);
  });

  it('rejects with what the server says, and without a link', async () => {
    const server = await startServer();
    await server.cli('ACL', 'SETUSER', 'bus', 'on', '>pw', '~mine:*', '&*', '+@all');
    const bus = await open({ url: server.url.replace('//', '//bus:pw@') });
    expect(await bus.transport.claim?.('mine:key', 1_000)).toBe(true);
    await expect(bus.transport.claim?.('other', 1_000)).rejects.toThrow('NOPERM');
    await server.kill('SIGSTOP');
    const claiming = bus.transport.claim?.('mine:late', 1_000);
    await expect(claiming).rejects.toMatchObject({ code: 'EVENT_BUS_NOT_CONNECTED' });
  });
});

import { connect, createServer } from 'node:net';
import { Injectable } from '@nestjs/common';
import { jest } from '@jest/globals';
import { Redis } from 'ioredis';
import type { RedisTransportOptions, SubscriptionSnapshot } from 'nestjs-redis-event-bus';
import {
  BusClosedError,
  InvalidOptionError,
  NotConnectedError,
  OnEvent,
  PublishUnconfirmedError,
  StartupError,
  redis,
} from 'nestjs-redis-event-bus';
import { publishOutcomes } from '../../libs/event-bus/src/conformance/publish.outcomes.js';
import { eventually, settled } from '../support/eventually.js';
import { freePort } from '../support/free.port.js';
import { Inbox } from '../support/inbox.js';
import { muteListener } from '../support/mute.listener.js';
import { itWithShards } from '../support/redis.major.js';
import { RedisServer } from '../support/redis.server.js';
import type { StartedApp } from '../support/started.apps.js';
import { startedApps } from '../support/started.apps.js';
import { TcpProxy } from '../support/tcp.proxy.js';
import { untyped } from '../support/untyped.js';

const { boot, escapes } = startedApps(() => ({ transport: redis({ url: server.url }) }));
let server: RedisServer;
let closers: (() => unknown)[] = [];

beforeEach(async () => {
  server = await RedisServer.start();
});

afterEach(async () => {
  for (const close of closers.reverse()) await close();
  closers = [];
  await server.stop();
});

/** Every status from now on, the current one first. */
function statesOf({ status }: StartedApp): string[] {
  const states: string[] = [];
  status.changes.subscribe((state) => states.push(state));
  return states;
}

async function startProxy(): Promise<TcpProxy> {
  const proxy = await TcpProxy.start({ targetPort: server.port });
  closers.push(() => proxy.stop());
  return proxy;
}

const urlOf = (proxy: TcpProxy) => `redis://127.0.0.1:${proxy.port}`;

/** A client with the defaults of ioredis, for controls and as a witness. */
function plainRedis(url: string, options: Record<string, unknown> = {}): Redis {
  const client = new Redis(url, options);
  client.on('error', () => undefined);
  closers.push(() => client.disconnect());
  return client;
}

/** Everything that is published on a channel, seen by somebody who is not part of the test. */
async function witness(channel: string): Promise<Inbox<string>> {
  const inbox = new Inbox<string>();
  const client = plainRedis(server.url);
  client.on('message', (_channel: string, body: string) => inbox.push(body));
  await client.subscribe(channel);
  return inbox;
}

async function subscriberCount(channel: string): Promise<number> {
  const reply = await server.cli('PUBSUB', 'NUMSUB', channel);
  return (reply as [string, number])[1];
}

const denied = (subscriptions: readonly SubscriptionSnapshot[]) =>
  subscriptions.filter(({ state }) => state === 'denied').map(({ target }) => target);

describe('a lost connection', () => {
  itWithShards(
    'is replaced, with every channel, pattern and shard channel, as often as it is killed',
    async () => {
      const bus = await boot({ coalesce: false });
      const states = statesOf(bus);
      const { subscriber, publisher, inspector } = bus;
      const inbox = new Inbox<string>();
      await subscriber.subscribe('orders:created', (payload) => inbox.push(`channel ${String(payload)}`));
      await subscriber.subscribe('orders:*', (payload) => inbox.push(`pattern ${String(payload)}`));
      await subscriber.subscribe('shop', (payload) => inbox.push(`shard ${String(payload)}`), {
        kind: 'shard',
      });

      for (let round = 1; round <= 5; round += 1) {
        expect(await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')).toBe(1);
        await eventually(() => expect(states).toHaveLength(1 + 2 * round));
        expect(states.at(-1)).toBe('ready');
        inbox.clear();
        expect(await publisher.publish('orders:created', round)).toBe(2);
        expect(await publisher.publish('shop', round, { kind: 'shard' })).toBe(1);
        expect((await inbox.count(3)).toSorted()).toEqual([
          `channel ${round}`,
          `pattern ${round}`,
          `shard ${round}`,
        ]);
      }
      expect(new Set(states)).toEqual(new Set(['ready', 'degraded']));
      expect(inspector.snapshot().subscriptions.map(({ state }) => state)).toEqual([
        'active',
        'active',
        'active',
      ]);
    },
  );

  it('would leave a client deaf that does not subscribe again (control)', async () => {
    const client = plainRedis(server.url, { autoResubscribe: false });
    await client.subscribe('orders:created');
    await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await eventually(() => expect(client.status).not.toBe('ready'));
    await eventually(() => expect(client.status).toBe('ready'));
    expect(await subscriberCount('orders:created')).toBe(0);
  });

  itWithShards('is replaced when the server was killed and came back on its port', async () => {
    const bus = await boot({ coalesce: false });
    const states = statesOf(bus);
    const { subscriber, publisher, status } = bus;
    const inbox = new Inbox<string>();
    await subscriber.subscribe(['orders:created', 'orders:*'], (payload) => inbox.push(String(payload)));
    await subscriber.subscribe('shop', (payload) => inbox.push(String(payload)), { kind: 'shard' });

    await server.kill('SIGKILL');
    await eventually(() => expect(status.current).toBe('degraded'));
    await eventually(() => expect(status.reason).toContain('ECONNREFUSED'));
    await expect(publisher.publish('orders:created', 'while down')).rejects.toThrow(NotConnectedError);
    await server.restart();
    await status.whenReady();
    expect(status.reason).toBeUndefined();
    await publisher.publish('shop', 'shard', { kind: 'shard' });
    await publisher.publish('orders:created', 'back');
    expect((await inbox.count(2)).toSorted()).toEqual(['back', 'shard']);
    expect(states).toEqual(['ready', 'degraded', 'ready']);
  });

  it('is replaced when it dies before the confirmation of a new subscription, which resolves on the next one', async () => {
    const proxy = await startProxy();
    const { subscriber, publisher, status } = await boot({ transport: redis({ url: urlOf(proxy) }) });
    const inbox = new Inbox<unknown>();
    proxy.pause('toClient');
    const subscribed = subscriber.subscribe('orders:created', inbox.push);
    await eventually(async () => expect(await subscriberCount('orders:created')).toBe(1));
    proxy.cut();
    proxy.resume('toClient');
    await subscribed;
    await status.whenReady();
    await publisher.publish('orders:created', 'x');
    expect(await inbox.count(1)).toEqual(['x']);
  });

  it('is replaced when every new one dies between ready and the confirmation, many times', async () => {
    const saboteur = await startSaboteur();
    const { subscriber, publisher, status } = await boot({ transport: redis({ url: saboteur.url }) });
    const inbox = new Inbox<unknown>();
    await subscriber.subscribe(['orders:created', 'paid:*'], inbox.push);
    saboteur.cutOnSubscribe(8);
    await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await eventually(() => expect(saboteur.cutsLeft).toBe(0), { timeoutMs: 20_000 });
    await status.whenReady();
    await publisher.publish('orders:created', 1);
    await publisher.publish('paid:card', 2);
    expect(await inbox.count(2)).toEqual([1, 2]);
  });

  it('would leave ioredis ready and deaf when it dies between ready and the confirmation (control)', async () => {
    const saboteur = await startSaboteur();
    // What it would send again on the next link, it would send again for a publish as well: see below.
    const client = plainRedis(saboteur.url, { autoResendUnfulfilledCommands: false });
    await client.subscribe('orders:created');
    saboteur.cutOnSubscribe(1);
    await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await eventually(() => expect(saboteur.cutsLeft).toBe(0));
    await eventually(() => expect(client.status).not.toBe('ready'));
    await eventually(() => expect(client.status).toBe('ready'));
    // A command that is answered after whatever ioredis would have sent on its own account.
    await client.subscribe('fence');
    expect(await subscriberCount('orders:created')).toBe(0);
    await escapes.take();
  });

  it('is replaced with thousands of channels and patterns, asked for in chunks', async () => {
    const names = Array.from({ length: 2_000 }, (_, index) => String(index));
    const bus = await boot();
    const states = statesOf(bus);
    const { subscriber, publisher } = bus;
    const inbox = new Inbox<unknown>();
    await Promise.all([
      subscriber.subscribe(
        names.map((name) => `c:${name}`),
        inbox.push,
      ),
      subscriber.subscribe(
        names.map((name) => `p:${name}:*`),
        inbox.push,
      ),
    ]);
    await server.cli('CONFIG', 'RESETSTAT');
    await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await eventually(() => expect(states).toEqual(['ready', 'degraded', 'ready']));

    expect(await server.cli('PUBSUB', 'CHANNELS', 'c:*')).toHaveLength(2_000);
    expect(await server.cli('PUBSUB', 'NUMPAT')).toBe(2_000);
    const stats = String(await server.cli('INFO', 'commandstats'));
    expect(stats).toContain('cmdstat_subscribe:calls=4,');
    expect(stats).toContain('cmdstat_psubscribe:calls=4,');
    for (const channel of ['c:0', 'c:1999', 'p:0:x', 'p:1999:x']) await publisher.publish(channel, channel);
    expect(await inbox.count(4)).toEqual(['c:0', 'c:1999', 'p:0:x', 'p:1999:x']);
  });

  it('lets go of what is unsubscribed while it is down', async () => {
    const proxy = await startProxy();
    const { subscriber, publisher, status, inspector } = await boot({
      transport: redis({ url: urlOf(proxy) }),
      coalesce: false,
    });
    const inbox = new Inbox<unknown>();
    const kept = await subscriber.subscribe(['kept', 'k*'], inbox.push);
    const dropped = await subscriber.subscribe(['dropped', 'd*'], inbox.push);
    await proxy.refuse();
    proxy.cut();
    await eventually(() => expect(status.current).toBe('degraded'));
    await dropped.unsubscribe();
    const added = subscriber.subscribe('added', inbox.push);
    await proxy.accept();
    await added;
    await status.whenReady();
    for (const channel of ['dropped', 'kept', 'added']) await publisher.publish(channel, channel);
    expect(await inbox.upTo((payload) => payload === 'added')).toEqual(['kept', 'added']);
    expect(await server.cli('PUBSUB', 'NUMPAT')).toBe(1);
    expect(inspector.snapshot().subscriptions.map(({ target }) => target)).toEqual(['kept', 'k*', 'added']);
    await kept.unsubscribe();
  });
});

describe('a permission that is taken away', () => {
  const CHANNELS = ['orders:a', 'orders:b', 'orders:c'];
  const COMMANDS = ['+subscribe', '+unsubscribe', '+publish', '+ping', '+info'];
  function grant(...channels: string[]) {
    const rules = [
      'on',
      '>secret',
      'resetkeys',
      'resetchannels',
      ...channels.map((name) => `&${name}`),
      '-@all',
    ];
    return server.cli('ACL', 'SETUSER', 'bus', ...rules, ...COMMANDS);
  }
  const url = () => server.url.replace('//', '//bus:secret@');

  it('costs that one channel, which the snapshot names, and returns with the permission', async () => {
    await grant(...CHANNELS);
    const { subscriber, publisher, status, inspector } = await boot({ transport: redis({ url: url() }) });
    const inbox = new Inbox<unknown>();
    for (const channel of CHANNELS) await subscriber.subscribe(channel, inbox.push);

    await grant('orders:a', 'orders:c');
    await eventually(() => expect(denied(inspector.snapshot().subscriptions)).toEqual(['orders:b']));
    await eventually(() => expect(inspector.snapshot().subscriptions.filter(isActive)).toHaveLength(2));
    expect(status.current).toBe('degraded');
    expect(status.reason).toContain('NOPERM');
    expect(inspector.snapshot().subscriptions.find(({ target }) => target === 'orders:b')?.reason).toContain(
      'NOPERM',
    );
    expect(await publisher.publish('orders:a', 1)).toBe(1);
    expect(await publisher.publish('orders:c', 2)).toBe(1);
    expect(await inbox.count(2)).toEqual([1, 2]);

    await grant(...CHANNELS);
    await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await status.whenReady();
    expect(inspector.snapshot().subscriptions.filter(isActive)).toHaveLength(3);
    await publisher.publish('orders:b', 3);
    expect(await inbox.count(3)).toEqual([1, 2, 3]);
  });

  it('does not let the status say ready while it is asked for again in vain', async () => {
    await grant(...CHANNELS);
    const bus = await boot({ transport: redis({ url: url() }) });
    const states = statesOf(bus);
    const { subscriber, inspector } = bus;
    for (const channel of CHANNELS) await subscriber.subscribe(channel, () => undefined);
    await grant('orders:a', 'orders:c');
    for (let round = 1; round <= 4; round += 1) {
      // The three together, and each alone, have been answered.
      await eventually(async () => expect(await refusedSubscribes()).toBe(2 * round));
      await eventually(() => expect(denied(inspector.snapshot().subscriptions)).toEqual(['orders:b']));
      await eventually(() => expect(inspector.snapshot().subscriptions.filter(isActive)).toHaveLength(2));
      if (round < 4) await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    }
    expect(states).toEqual(['ready', 'degraded']);
  });

  it('would cost plain ioredis all channels, and the process (control)', async () => {
    await grant(...CHANNELS);
    const client = plainRedis(url());
    await client.subscribe(...CHANNELS);
    await grant('orders:a', 'orders:c');
    const escaped: unknown[] = [];
    await eventually(async () => {
      escaped.push(...(await escapes.take()));
      expect(escaped).toHaveLength(1);
    });
    expect(String(escaped[0])).toContain('NOPERM');
    expect(client.status).toBe('ready');
    expect(await Promise.all(CHANNELS.map(subscriberCount))).toEqual([0, 0, 0]);
  });

  async function refusedSubscribes(): Promise<number> {
    const stats = String(await server.cli('INFO', 'commandstats'));
    return Number(/cmdstat_subscribe:.*rejected_calls=(\d+)/.exec(stats)?.[1]);
  }

  const isActive = ({ state }: SubscriptionSnapshot) => state === 'active';
});

describe('publishing without a link', () => {
  /** Publishes while the link is down; resolves with what arrives once it is back. */
  async function publishWhileDown(
    proxy: TcpProxy,
    publish: (body: string) => Promise<unknown>,
    isBack: () => Promise<void>,
  ): Promise<readonly string[]> {
    const arrived = await witness('orders');
    await proxy.refuse();
    proxy.cut();
    await eventually(() => expect(proxy.connectionCount).toBe(0));
    await settled();
    const attempts = await Promise.allSettled(Array.from({ length: 20 }, () => publish('late')));
    expect(attempts.every(({ status }) => status === 'rejected')).toBe(true);
    await proxy.accept();
    await isBack();
    await publish('fence');
    return arrived.upTo((body) => body.includes('fence'));
  }

  it('is refused at once and never delivered later', async () => {
    const proxy = await startProxy();
    const { publisher, status } = await boot({ transport: redis({ url: urlOf(proxy) }) });
    const codes: unknown[] = [];
    const publish = (body: string) =>
      publisher.publish('orders', body, { timeoutMs: 2 ** 31 - 1 }).catch((error: { code: string }) => {
        codes.push(error.code);
        throw error;
      });
    expect(await publishWhileDown(proxy, publish, () => status.whenReady())).toEqual(['"fence"']);
    expect(codes).toEqual(Array.from({ length: 20 }, () => 'EVENT_BUS_NOT_CONNECTED'));
  });

  it('would be delivered after its rejection by plain ioredis (control)', async () => {
    const proxy = await startProxy();
    const client = plainRedis(urlOf(proxy), { commandTimeout: 300 });
    await client.ping();
    const isBack = () => eventually(() => expect(client.status).toBe('ready'));
    const arrived = await publishWhileDown(proxy, (body) => client.publish('orders', body), isBack);
    expect(arrived).toHaveLength(21);
  });
});

describe('a publish whose reply is lost', () => {
  /** Publishes, loses the reply with the link, and resolves with what arrived by the next publish. */
  async function loseReply(
    proxy: TcpProxy,
    publish: (body: string) => Promise<unknown>,
    isBack: () => Promise<void>,
  ): Promise<{ arrived: readonly string[]; outcome: PromiseSettledResult<unknown> }> {
    const inbox = await witness('orders');
    proxy.pause('toClient');
    const attempt = publish('order');
    await inbox.count(1);
    proxy.cut();
    proxy.resume('toClient');
    const [outcome] = await Promise.allSettled([attempt]);
    await isBack();
    await publish('fence');
    return { arrived: await inbox.upTo((body) => body.includes('fence')), outcome };
  }

  it('rejects as unconfirmed and is delivered once', async () => {
    const proxy = await startProxy();
    const { publisher, status } = await boot({ transport: redis({ url: urlOf(proxy) }) });
    const publish = (body: string) => publisher.publish('orders', body);
    const { arrived, outcome } = await loseReply(proxy, publish, () => status.whenReady());
    expect(arrived).toEqual(['"order"', '"fence"']);
    const { reason } = outcome as PromiseRejectedResult;
    expect(reason).toBeInstanceOf(PublishUnconfirmedError);
    expect(reason).toMatchObject({
      channel: 'orders',
      message: expect.stringContaining('(the connection was lost)'),
    });
  });

  it('would be delivered twice by plain ioredis (control)', async () => {
    const proxy = await startProxy();
    const client = plainRedis(urlOf(proxy));
    await client.ping();
    const isBack = () => eventually(() => expect(client.status).toBe('ready'));
    const { arrived } = await loseReply(proxy, (body) => client.publish('orders', body), isBack);
    expect(arrived).toEqual(['order', 'order', 'fence']);
  });

  it('rejects as unconfirmed when timeoutMs is over', async () => {
    const proxy = await startProxy();
    const { publisher } = await boot({ transport: redis({ url: urlOf(proxy) }) });
    const arrived = await witness('orders');
    proxy.pause('toClient');
    const late = publisher.publish('orders', 'order', { timeoutMs: 20 });
    await expect(late).rejects.toThrow(PublishUnconfirmedError);
    await expect(late).rejects.toThrow('no reply within 20 ms');
    expect(await arrived.count(1)).toEqual(['"order"']);
    const many = publisher.publishMany([{ channel: 'a', payload: 1 }], { timeoutMs: 20 });
    await expect(many).rejects.toMatchObject({
      outcomes: [{ error: { code: 'EVENT_BUS_PUBLISH_UNCONFIRMED' } }],
    });
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 31, untyped('5')])(
    'refuses timeoutMs %p before it sends',
    async (timeoutMs) => {
      const { publisher } = await boot();
      const arrived = await witness('orders');
      await expect(publisher.publish('orders', 'order', { timeoutMs })).rejects.toThrow(InvalidOptionError);
      await publisher.publish('orders', 'fence');
      expect(await arrived.count(1)).toEqual(['"fence"']);
    },
  );

  it('rejects with the reason of a signal that is aborted already, and sends nothing', async () => {
    const { publisher } = await boot();
    const arrived = await witness('orders');
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(publisher.publish('orders', 'order', { signal })).rejects.toThrow('too late');
    await publisher.publish('orders', 'fence', { signal: new AbortController().signal });
    expect(await arrived.count(1)).toEqual(['"fence"']);
  });

  it('rejects as unconfirmed when its signal is aborted meanwhile', async () => {
    const proxy = await startProxy();
    const { publisher } = await boot({ transport: redis({ url: urlOf(proxy) }) });
    const arrived = await witness('orders');
    proxy.pause('toClient');
    const aborter = new AbortController();
    const publishing = publisher.publish('orders', 'order', { signal: aborter.signal });
    await arrived.count(1);
    aborter.abort(new Error('the request was cancelled'));
    await expect(publishing).rejects.toThrow(PublishUnconfirmedError);
    await expect(publishing).rejects.toThrow('the request was cancelled');
  });
});

describe('a server that has stopped answering', () => {
  it('does not keep the application from closing, nor anybody waiting', async () => {
    const { app, subscriber, publisher, inspector } = await boot({
      shutdown: { drainTimeoutMs: 50 },
    });
    const held = await subscriber.subscribe(['orders:created', 'orders:*'], () => undefined);
    const other = await subscriber.subscribe('other', () => undefined);
    await server.kill('SIGSTOP');
    const waiting = Promise.allSettled([
      publisher.publish('orders:created', 1),
      subscriber.subscribe('new', () => undefined),
      inspector.channels(),
      other.unsubscribe(),
    ]);
    await app.close();
    const outcomes = await waiting;
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'fulfilled']);
    const reasons = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason : undefined));
    expect(reasons[0]).toBeInstanceOf(PublishUnconfirmedError);
    expect(reasons[1]).toBeInstanceOf(BusClosedError);
    expect(reasons[2]).toBeInstanceOf(NotConnectedError);
    await held.unsubscribe();
  });

  it('fails a start within startup.timeoutMs', async () => {
    await server.kill('SIGSTOP');
    const booting = boot({ startup: { timeoutMs: 50 } });
    await expect(booting).rejects.toThrow(StartupError);
    await expect(booting).rejects.toThrow(/No connection to redis at 127\.0\.0\.1:\d+ within 50 ms/);
  });

  it('fails a start in which the subscriptions are not confirmed within startup.timeoutMs', async () => {
    const proxy = await startProxy();
    @Injectable()
    class Silencer {
      @OnEvent('orders:created')
      handle() {}

      /** The bus has connected by now, and subscribes in the next step. */
      onModuleInit() {
        proxy.pause('toClient');
      }
    }
    const booting = boot({ transport: redis({ url: urlOf(proxy) }), startup: { timeoutMs: 100 } }, Silencer);
    await expect(booting).rejects.toThrow(StartupError);
    await expect(booting).rejects.toThrow('did not confirm every subscription within 100 ms');
    proxy.cut();
    await settled();
    expect(proxy.connectionCount).toBe(0);
  });

  it('does not take a subscription for confirmed that nobody answers', async () => {
    const proxy = await startProxy();
    const { subscriber, inspector, publisher } = await boot({ transport: redis({ url: urlOf(proxy) }) });
    const inbox = new Inbox<unknown>();
    proxy.hold('toClient');
    let isConfirmed = false;
    const subscribed = subscriber.subscribe('orders', inbox.push).then(() => (isConfirmed = true));
    await eventually(() => expect(proxy.heldBytes('toClient')).toBeGreaterThan(0));
    await settled();
    expect(isConfirmed).toBe(false);
    expect(inspector.snapshot().subscriptions.map(({ state }) => state)).toEqual(['pending']);
    proxy.resume('toClient');
    await subscribed;
    await publisher.publish('orders', 1);
    expect(await inbox.count(1)).toEqual([1]);
  });
});

describe('closing', () => {
  const open = (options: RedisTransportOptions) => {
    const transport = redis(options).create(muteListener);
    closers.push(() => transport.close());
    return transport;
  };
  const refused = (connecting: Promise<void>) => expect(connecting).rejects.toThrow(BusClosedError);

  it('ends before it has connected, which it does not by itself', async () => {
    const proxy = await startProxy();
    const transport = open({ url: urlOf(proxy) });
    const later = open({ url: urlOf(proxy) });
    await later.connect();
    expect(proxy.connectionCount).toBe(2);
    await transport.close();
    await refused(transport.connect());
    await later.close();
    await eventually(() => expect(proxy.connectionCount).toBe(0));
  });

  it('ends in the moment of connecting', async () => {
    const proxy = await startProxy();
    for (const turns of [0, 1, 2, 3, 4, 5, 6, 8, 10, 15]) {
      const transport = open({ url: urlOf(proxy) });
      const connecting = Promise.allSettled([transport.connect()]);
      for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
      await transport.close();
      await connecting;
      expect(transport.state).toEqual({ status: 'closed' });
    }
    await eventually(() => expect(proxy.connectionCount).toBe(0));
  });

  it('ends while the server does not answer the handshake', async () => {
    const proxy = await startProxy();
    proxy.pause();
    const transport = open({ url: urlOf(proxy) });
    const connecting = refused(transport.connect());
    await eventually(() => expect(proxy.swallowedBytes('toServer')).toBeGreaterThan(0));
    await transport.close();
    await connecting;
    proxy.cut();
    expect(proxy.connectionCount).toBe(0);
  });

  it('ends while it waits for the next attempt', async () => {
    const proxy = await startProxy();
    const transport = open({ url: urlOf(proxy) });
    await transport.connect();
    await proxy.refuse();
    proxy.cut();
    await eventually(() => expect(transport.state.reason).toContain('ECONNREFUSED'));
    await transport.close();
    await proxy.accept();
    await settled();
    expect(proxy.connectionCount).toBe(0);
  });

  it('ends when it was never let in', async () => {
    const transport = open({ port: await freePort(), host: '127.0.0.1' });
    const connecting = refused(transport.connect());
    await eventually(() => expect(transport.state.reason).toContain('ECONNREFUSED'));
    await transport.close();
    await connecting;
  });

  it('ends when ioredis had given up, and tries again until then', async () => {
    const connect = jest.spyOn(Redis.prototype, 'connect');
    const transport = open({ port: 99_999, host: '127.0.0.1' });
    const connecting = refused(transport.connect());
    await eventually(() => expect(transport.state.reason).toMatch(/port/i));
    // Two links, twice.
    await eventually(() => expect(connect.mock.calls.length).toBeGreaterThanOrEqual(4));
    connect.mockRestore();
    await transport.close();
    await connecting;
  });

  it('ends once for all who ask', async () => {
    const proxy = await startProxy();
    const transport = open({ url: urlOf(proxy) });
    await transport.connect();
    await Promise.all([transport.close(), transport.close(), transport.close()]);
    await eventually(() => expect(proxy.connectionCount).toBe(0));
  });

  it('ends while the link is silent, with every publish settled', async () => {
    const proxy = await startProxy();
    const transport = open({ url: urlOf(proxy) });
    await transport.connect();
    proxy.pause();
    const publishing = publishOutcomes(transport, [{ kind: 'channel', channel: 'orders', body: 'x' }]);
    await transport.close();
    expect(await publishing).toMatchObject([{ error: { code: 'EVENT_BUS_PUBLISH_UNCONFIRMED' } }]);
  });
});

/** A proxy that cuts a connection as soon as the client sends a SUBSCRIBE or PSUBSCRIBE, as often as it is told to. */
async function startSaboteur() {
  let left = 0;
  const port = await freePort();
  const proxy = createServer((client) => {
    const upstream = connect({ port: server.port, host: '127.0.0.1' });
    const cut = () => [client, upstream].forEach((socket) => socket.destroy());
    for (const socket of [client, upstream]) socket.on('error', cut).on('close', cut);
    upstream.pipe(client);
    client.on('data', (bytes) => {
      if (left === 0 || !/subscribe/i.test(bytes.toString())) return void upstream.write(bytes);
      left -= 1;
      cut();
    });
  });
  await new Promise<void>((resolve) => proxy.listen(port, '127.0.0.1', resolve));
  closers.push(() => proxy.close());
  return {
    url: `redis://127.0.0.1:${port}`,
    cutOnSubscribe(times: number) {
      left = times;
    },
    get cutsLeft() {
      return left;
    },
  };
}

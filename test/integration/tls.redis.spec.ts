/** @needs-redis-7 certificate and key are not changed together by CONFIG SET */
import { setImmediate as turn } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import type { EventBusModuleOptions, RedisTransportOptions, TransportListener } from 'nestjs-redis-event-bus';
import {
  EventBusInspector,
  EventBusModule,
  EventBusPublisher,
  EventBusStatus,
  OnEvent,
  redis,
} from 'nestjs-redis-event-bus';
import { CertificateAuthority } from '../support/certificates.js';
import { Escapes } from '../support/escapes.js';
import { eventually } from '../support/eventually.js';
import { Inbox } from '../support/inbox.js';
import { LogLines } from '../support/log.lines.js';
import { TcpProxy } from '../support/tcp.proxy.js';
import { TlsRedis } from '../support/tls.redis.js';
import { wrongTls } from '../support/wrong.tls.js';

const authority = new CertificateAuthority();
const ca = authority.cert;
const escapes = new Escapes();
/** Nobody listens to this transport. */
const silent = new Proxy({}, { get: () => () => undefined }) as TransportListener;
/** Asks for no client certificate. */
let open: TlsRedis;
/** Asks for a client certificate. */
let mutual: TlsRedis;
let closers: (() => unknown)[] = [];

beforeAll(async () => {
  [open, mutual] = await Promise.all([
    TlsRedis.start({ authority, asksClients: false }),
    TlsRedis.start({ authority, asksClients: true }),
  ]);
});
afterAll(() => Promise.all([open.stop(), mutual.stop()]));

beforeEach(() => escapes.listen());
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  const escaped = await escapes.take();
  escapes.release();
  expect(escaped).toEqual([]);
});

/** A service that handles `orders:*`. */
async function start(options: RedisTransportOptions, startup: EventBusModuleOptions['startup'] = {}) {
  const inbox = new Inbox<unknown>();
  const log = new LogLines();
  class Handler {
    @OnEvent('orders:*')
    handle(order: unknown) {
      inbox.push(order);
    }
  }
  @Module({ imports: [EventBusModule.forRoot({ transport: redis(options), startup })], providers: [Handler] })
  class Service {}
  const app = await NestFactory.createApplicationContext(Service, { logger: log, abortOnError: false });
  closers.push(() => app.close());
  const [publisher, status, inspector] = [
    app.get(EventBusPublisher),
    app.get(EventBusStatus),
    app.get(EventBusInspector),
  ];
  return { inbox, log, publisher, status, inspector };
}

describe('the bus over TLS', () => {
  it('publishes and handles with the CA of the server', async () => {
    const { publisher, inbox, status } = await start({ url: open.url, tls: { ca } });
    expect(status.current).toBe('ready');
    await publisher.publish('orders:created', { id: 1 });
    expect(await inbox.count(1)).toEqual([{ id: 1 }]);
  });

  it('takes host, port and tls in place of a URL', async () => {
    const { publisher, inbox } = await start({ host: '127.0.0.1', port: open.tlsPort, tls: { ca } });
    await publisher.publish('orders:created', { id: 1 });
    expect(await inbox.count(1)).toEqual([{ id: 1 }]);
  });

  it('checks the certificate for the name that tls.servername gives', async () => {
    const url = `rediss://localhost:${open.tlsPort}`;
    const checkedFor: string[] = [];
    const checkServerIdentity = (name: string) => {
      checkedFor.push(name);
      return undefined;
    };
    await start({ url, tls: { ca, servername: 'redis.internal', checkServerIdentity } });
    expect(new Set(checkedFor)).toEqual(new Set(['redis.internal']));
  });

  it('shows the server a client certificate whose key is encrypted', async () => {
    const certificate = authority.issue({ name: 'orders', passphrase: 'open sesame' });
    const { publisher, inbox } = await start({
      url: mutual.url,
      tls: { ca, ...certificate, passphrase: 'open sesame' },
    });
    await publisher.publish('orders:created', { id: 1 });
    expect(await inbox.count(1)).toEqual([{ id: 1 }]);
  });

  it('takes the certificates of an existing client', async () => {
    const client = new Redis(mutual.url, {
      lazyConnect: true,
      tls: { ca, ...authority.issue({ name: 'orders' }) },
    });
    const { publisher, inbox } = await start({ client });
    await publisher.publish('orders:created', { id: 1 });
    expect(await inbox.count(1)).toEqual([{ id: 1 }]);
  });

  it('comes back with its subscriptions when the connections are killed', async () => {
    const { publisher, inbox, status } = await start({
      url: mutual.url,
      tls: { ca, ...authority.issue({ name: 'orders' }) },
    });
    const degraded = new Promise<void>((resolve) => {
      status.changes.subscribe((state) => state === 'degraded' && resolve());
    });
    await mutual.server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await degraded;
    await status.whenReady();
    await eventually(() => publisher.publish('orders:created', { id: 1 }));
    expect(await inbox.count(1)).toEqual([{ id: 1 }]);
  });
});

describe('a wrong set-up of TLS', () => {
  it.each(wrongTls(authority))('is in the status with its remedy: $mistake', async (wrong) => {
    const { status, log } = await start(
      { url: wrong.url(mutual), connectTimeout: 400, ...(wrong.tls && { tls: wrong.tls }) },
      { timeoutMs: 1_000, onFailure: 'retry' },
    );
    await eventually(() => expect(status.reason).toMatch(wrong.cause));
    expect(status.reason).toContain(wrong.remedy);
    expect(status.current).toBe('degraded');
    expect(log.troubles.filter((line) => line.includes(wrong.remedy))).not.toEqual([]);
  });

  it('is told of a TLS port, or a proxy in front of one, that stays silent', async () => {
    const proxy = await TcpProxy.start({ targetPort: open.tlsPort });
    closers.push(() => proxy.stop());
    proxy.pause();
    const { status } = await start(
      { url: `redis://127.0.0.1:${proxy.port}`, heartbeat: { intervalMs: 100, timeoutMs: 100 } },
      { timeoutMs: 500, onFailure: 'retry' },
    );
    await eventually(() => expect(status.reason).toMatch(/^no answer .*write rediss:\/\//));
  });

  it('ends no process when the bus is closed in the middle of a handshake', async () => {
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const bus = redis({ url: mutual.url, tls: {} }).create(silent);
      const connected = bus.connect().catch(() => undefined);
      await turn();
      await turn();
      await bus.close();
      await connected;
    }
    expect(await escapes.take()).toEqual([]);
  });

  it('is over as soon as the server has a certificate that we trust', async () => {
    const stranger = new CertificateAuthority('Another CA');
    const late = await TlsRedis.start({ authority: stranger, asksClients: false });
    closers.push(() => late.stop());
    const { status, publisher, inbox } = await start(
      { url: late.url, tls: { ca } },
      { timeoutMs: 1_000, onFailure: 'retry' },
    );
    expect(status.reason).toContain('tls: { ca }');
    await late.trust(authority);
    await status.whenReady();
    expect(status.reason).toBeUndefined();
    await publisher.publish('orders:created', { id: 1 });
    expect(await inbox.count(1)).toEqual([{ id: 1 }]);
  });

  it('leaves the reason of a later end alone', async () => {
    const { status } = await start({ url: open.url, tls: { ca } });
    const reasons = new Set<string | undefined>();
    status.changes.subscribe(() => reasons.add(status.reason));
    await open.server.cli('CLIENT', 'KILL', 'TYPE', 'normal');
    await eventually(() => expect(reasons.size).toBeGreaterThan(1));
    await status.whenReady();
    expect([...reasons].join()).not.toContain('client certificate');
  });
});

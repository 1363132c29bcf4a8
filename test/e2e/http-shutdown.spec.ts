import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { jest } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.server.js';
import { RunningApp, teapots } from './support/shop.js';

jest.setTimeout(60_000);

const COUNT = 50;
const APPS = ['orders', 'notifications'] as const;

let redis: RedisServer;
const apps: RunningApp[] = [];
const sockets: Socket[] = [];

beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await redis.cli('CLIENT', 'UNPAUSE');
  for (const app of apps.splice(0)) {
    app.process.signal('SIGKILL');
    await app.process.exited;
  }
});

async function start(name: (typeof APPS)[number]): Promise<RunningApp> {
  const app = await RunningApp.start(name, { REDIS_URL: redis.url });
  apps.push(app);
  return app;
}

/** A client that writes this, and reads nothing until it is asked to. */
async function open(app: RunningApp, text: string): Promise<Socket> {
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  if (text !== '') socket.write(text);
  return socket;
}

/** Resolves with what has come when it matches. */
async function reads(socket: Socket, pattern: RegExp): Promise<string> {
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (pattern.test(text)) return text;
  }
  throw new Error(`The connection ended after ${JSON.stringify(text)}.`);
}

/** The server has stopped to listen: its end has begun. */
const refuses = (app: RunningApp) =>
  eventually(async () => expect(await app.get('/health').catch(() => 'refused')).toBe('refused'));

const HEAD = 'POST /orders HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n';
const GET = 'GET /health HTTP/1.1\r\nHost: shop\r\n\r\n';

/** What clients do, each until the server has surely heard of it. */
const clients: Record<string, (app: RunningApp) => Promise<unknown>> = {
  'have sent half of a body': async (app) => {
    // The answer to Expect says that the head has been read.
    const head = `${HEAD}Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n`;
    const socket = await open(app, head);
    await reads(socket, /100 Continue/);
    socket.write('{"customer');
  },
  'have sent half of a head, after a whole request': async (app) => {
    const socket = await open(app, GET);
    await reads(socket, /200 OK/);
    socket.write('POST /orders HT');
  },
  'have sent half of a head': (app) => open(app, 'POST /orders HTTP/1.1\r\nHos'),
  'have sent nothing': (app) => open(app, ''),
};

const keepAlive = async (app: RunningApp) => reads(await open(app, GET), /200 OK/);

const slow = Object.values(clients);

describe.each(APPS)('%s', (name) => {
  it.each([
    [Object.keys(clients).join(', '), slow],
    ['keep a connection alive', [keepAlive]],
  ])(`ends on SIGTERM while ${COUNT} clients each %s`, async (_what, behaviours) => {
    const app = await start(name);
    for (const behave of behaviours) await Promise.all(Array.from({ length: COUNT }, () => behave(app)));
    app.process.signal('SIGTERM');
    expect(await app.process.exited).toEqual({ code: 0, signal: null });
    expect(app.process.output).not.toMatch(/ERROR/);
  });
});

describe('orders', () => {
  /** Redis holds its writes back. */
  async function placeSlowly(app: RunningApp): Promise<Socket> {
    await redis.cli('CLIENT', 'PAUSE', '60000', 'WRITE');
    const body = JSON.stringify({ customerId: 'slow', items: [teapots] });
    const socket = await open(app, `${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`);
    await eventually(async () =>
      expect(String(await redis.cli('INFO', 'clients'))).toMatch(/blocked_clients:[1-9]/),
    );
    return socket;
  }

  it('answers a request that it handles when SIGTERM comes', async () => {
    const app = await start('orders');
    const socket = await placeSlowly(app);
    app.process.signal('SIGTERM');
    await refuses(app);
    await redis.cli('CLIENT', 'UNPAUSE');
    expect(await reads(socket, /\r\n\r\n.*"customerId":"slow"/s)).toMatch(/^HTTP\/1\.1 201 /);
    expect(await app.process.exited).toEqual({ code: 0, signal: null });
  });

  it('does not wait without end for one that cannot be answered', async () => {
    const app = await start('orders');
    await placeSlowly(app);
    app.process.signal('SIGTERM');
    expect(await app.process.exited).toEqual({ code: 0, signal: null });
  });
});

import { once } from 'node:events';
import { freePort } from '../../../../../test/support/free.port.js';
import { ScriptedServer, arrayOf, bulk } from '../../../../../test/support/scripted.server.js';
import type { RedisConnectionListener } from './connection.listener.js';
import { RedisConnection } from './redis.connection.js';
import { RedisSecrets } from './redis.secrets.js';

describe('RedisConnection', () => {
  let server: ScriptedServer;
  const open: RedisConnection[] = [];
  beforeEach(async () => {
    server = await ScriptedServer.start();
  });
  afterEach(async () => {
    for (const connection of open.splice(0)) await connection.close({ graceful: false });
    server.stop();
  });

  /** Connects, and resolves with the first of these calls that comes. */
  function connect(
    listener: Omit<RedisConnectionListener, 'up' | 'down' | 'error'> = {},
    port = server.port,
    nextNode?: () => { host: string; port: number },
  ) {
    const waiting = new Map<string, (value: unknown) => void>();
    const next = (call: 'up' | 'down' | 'error') =>
      new Promise<unknown>((resolve) => void waiting.set(call, resolve));
    const connection = new RedisConnection(
      { host: '127.0.0.1', port, secrets: new RedisSecrets(), login: undefined },
      {
        ...listener,
        up: () => waiting.get('up')?.(undefined),
        down: (reason) => waiting.get('down')?.(reason),
        error: (error) => waiting.get('error')?.(error),
      },
      undefined,
      nextNode,
    );
    open.push(connection);
    const [up, failed] = [next('up'), next('error')];
    connection.start();
    return { connection, next, up, failed };
  }

  it('is up when the server has answered what the driver asks first, and writable until it is closed', async () => {
    const { connection, up } = connect();
    expect([connection.isUp, connection.isWritable]).toEqual([false, false]);
    await up;
    expect([connection.isUp, connection.isWritable]).toEqual([true, true]);
    expect(connection.address).toBe(`127.0.0.1:${server.port}`);
    expect(connection.peerAddress).toEqual({ host: '127.0.0.1', port: server.port });
    const closed = connection.close({ graceful: true });
    expect(connection.isWritable).toBe(false);
    await closed;
    expect(connection.isUp).toBe(false);
  });

  it('comes back when the link is gone, and says why it went', async () => {
    const { connection, next, up } = connect();
    await up;
    const [down, again] = [next('down'), next('up')];
    const reason = new Error('given up');
    connection.abandon(reason);
    expect(await down).toBe(reason);
    await again;
    expect(server.acceptedCount).toBe(2);
  });

  it('tells an answer at its place in the byte stream, before the message that follows in the same chunk', async () => {
    const { connection, up } = connect();
    await up;
    const heard: string[] = [];
    connection.redis.on('messageBuffer', (_channel: Buffer, body: Buffer) => heard.push(body.toString()));
    const message = arrayOf(bulk('message'), bulk('a'), bulk('first'));
    server.script = ([name]) =>
      name?.toLowerCase() === 'subscribe'
        ? arrayOf(bulk('subscribe'), bulk('a'), ':1\r\n') + message
        : undefined;
    await connection.send('subscribe', ['a'], () => heard.push('confirmed'));
    expect(heard).toEqual(['confirmed', 'first']);
  });

  it('goes on reading messages when an answer counts 0', async () => {
    const { connection, up } = connect();
    await up;
    await connection.send('subscribe', ['a'], () => undefined);
    server.script = ([name]) =>
      name?.toLowerCase() === 'unsubscribe' ? arrayOf(bulk('unsubscribe'), bulk('b'), ':0\r\n') : undefined;
    await connection.send('unsubscribe', ['b'], () => undefined);
    const heard = once(connection.redis, 'messageBuffer');
    server.push(arrayOf(bulk('message'), bulk('a'), bulk('still')));
    expect(String((await heard)[1])).toBe('still');
  });

  it('takes a refusal for an answer to PING, and ends a link that answers something else', async () => {
    const { connection, next, up } = connect();
    await up;
    server.script = ([name]) => (name?.toLowerCase() === 'ping' ? '-NOPERM ping\r\n' : undefined);
    await expect(connection.ping()).resolves.toBeUndefined();
    const down = next('down');
    server.script = ([name]) => (name?.toLowerCase() === 'ping' ? '+WHAT\r\n' : undefined);
    await connection.ping().catch(() => undefined);
    expect(String(await down)).toContain('invalid reply to ping');
  });

  it('says what the server refuses it with, and what there is no server at', async () => {
    server.script = ([name]) =>
      name?.toLowerCase() === 'info' ? '-NOAUTH Authentication required.\r\n' : undefined;
    expect(String(await connect().failed)).toContain('NOAUTH');
    expect(String(await connect({}, await freePort()).failed)).toContain('ECONNREFUSED');
  });

  it('is not up before it is admitted, and ends an attempt that is not', async () => {
    let attempts = 0;
    const admit = async () => {
      attempts += 1;
      if (attempts === 1) throw new Error('not this one');
    };
    const { connection, up, failed } = connect({ admit });
    expect(String(await failed)).toContain('not this one');
    expect(connection.isUp).toBe(false);
    await up;
    expect(attempts).toBe(2);
  });

  it('leads each attempt to where the next node is', async () => {
    const ports = [await freePort(), server.port];
    const { up, connection } = connect({}, ports[0], () => ({
      host: '127.0.0.1',
      port: ports.length > 1 ? ports.shift()! : ports[0]!,
    }));
    await up;
    expect(connection.peerAddress?.port).toBe(server.port);
  });
});

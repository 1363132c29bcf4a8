import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { transformFile } from '@swc/core';
import { Redis } from 'ioredis';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free.port.js';
import { Inbox } from '../support/inbox.js';
import { itOnRedis7 } from '../support/redis.major.js';
import { RedisServer } from '../support/redis.server.js';
import { TcpProxy } from '../support/tcp.proxy.js';

/** Set for each project in jest.config.mjs. */
declare const IOREDIS_MAJOR: number;

describe('RedisServer', () => {
  let redis: RedisServer;
  beforeEach(async () => {
    redis = await RedisServer.start();
  });
  afterEach(() => redis.stop());

  it('answers commands as soon as it has started', async () => {
    expect(await redis.cli('SET', 'greeting', 'hello')).toBe('OK');
    expect(await redis.cli('GET', 'greeting')).toBe('hello');
    expect(await redis.cli('GET', 'nothing')).toBeNull();
    expect(await redis.cli('PUBSUB', 'NUMSUB', 'a')).toEqual(['a', 0]);
    await expect(redis.cli('NOSUCH')).rejects.toThrow('unknown command');
  });

  it('keeps nothing on disk', async () => {
    expect(await redis.cli('CONFIG', 'GET', 'save')).toEqual(['save', '']);
    expect(await redis.cli('CONFIG', 'GET', 'appendonly')).toEqual(['appendonly', 'no']);
  });

  itOnRedis7('CLIENT INFO has no protocol')('speaks with the ioredis that its project asks for', async () => {
    const client = new Redis(redis.url);
    // RESP3 is the default of ioredis 6 and unknown to ioredis 5.
    expect(await client.call('CLIENT', 'INFO')).toContain(`resp=${IOREDIS_MAJOR === 6 ? 3 : 2}`);
    client.disconnect();
  });

  it('starts again on the same port, empty, as another process', async () => {
    const { pid, port } = redis;
    await redis.cli('SET', 'a', '1');
    await redis.restart();
    expect(redis.port).toBe(port);
    expect(redis.pid).not.toBe(pid);
    expect(await redis.cli('DBSIZE')).toBe(0);
  });

  it('is gone after a kill, and its directory after a stop', async () => {
    const { pid } = redis;
    await redis.kill('SIGKILL');
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(() => redis.pid).toThrow('is not running');
    await redis.stop();
    await redis.stop();
    expect(existsSync(redis.directory)).toBe(false);
  });

  it('stops a server that SIGSTOP holds', async () => {
    const { pid } = redis;
    await redis.kill('SIGSTOP');
    await redis.stop();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('asks for the password that it was given', async () => {
    const locked = await RedisServer.start({ password: 'p@ss word' });
    expect(await locked.cli('PING')).toBe('PONG');
    const client = new Redis(locked.url);
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
    await locked.stop();
  });

  it('runs as a Sentinel when given a configuration', async () => {
    const sentinel = await RedisServer.start({
      config: `sentinel monitor main 127.0.0.1 ${redis.port} 1\n`,
      args: ['--sentinel'],
    });
    expect(await sentinel.cli('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main')).toEqual([
      '127.0.0.1',
      String(redis.port),
    ]);
    await sentinel.stop();
  });

  it('reports what a server that cannot start has printed', async () => {
    await expect(RedisServer.start({ args: ['--no-such-directive', 'x'] })).rejects.toThrow(
      /exited with 1\. Its output:[^]*no-such-directive/,
    );
    await expect(RedisServer.start({ port: redis.port })).rejects.toThrow(/Address already in use/);
  });
});

describe('guardChild', () => {
  it('ends the child when the process that guards it is killed', async () => {
    const guard = await transformFile('test/support/child.guard.ts', {
      swcrc: false,
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    });
    const main = `
      const child = spawn('sleep', ['60'], { stdio: ['ignore', 'inherit', 'ignore'] });
      guardChild(child.pid);
      console.log('guarded');`;
    const owner = spawn(process.execPath, ['--input-type=module', '--eval', guard.code + main], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(owner.stdout, 'data');
    owner.kill('SIGKILL');
    // The child holds the other end of this stream, so it closes when the child is gone.
    expect(await once(owner.stdout, 'close')).toEqual([false]);
  });
});

describe('TcpProxy', () => {
  let redis: RedisServer;
  let proxy: TcpProxy;
  let client: Socket;
  let replies: Inbox<string>;

  beforeEach(async () => {
    redis = await RedisServer.start();
    proxy = await TcpProxy.start({ targetPort: redis.port });
    client = connect(proxy.port, '127.0.0.1').setEncoding('utf8');
    client.on('error', () => undefined);
    replies = new Inbox();
    client.on('data', replies.push);
    await ask('hello');
  });
  afterEach(async () => {
    client.destroy();
    await proxy.stop();
    await redis.stop();
  });

  /** Resolves with all that was received up to the echo. */
  function ask(text: string): Promise<readonly string[]> {
    client.write(`ECHO ${text}\r\n`);
    return replies.upTo((reply) => reply.includes(text));
  }

  it('passes bytes both ways', async () => {
    expect(await ask('again')).toEqual(['$5\r\nhello\r\n', '$5\r\nagain\r\n']);
    expect(proxy.connectionCount).toBe(1);
  });

  it('swallows bytes while paused, and passes them afterwards', async () => {
    proxy.pause();
    client.write('SET swallowed 1\r\n');
    await eventually(() => expect(proxy.swallowedBytes('toServer')).toBe('SET swallowed 1\r\n'.length));
    proxy.resume();
    await ask('after');
    expect(await redis.cli('EXISTS', 'swallowed')).toBe(0);
    expect(replies.items).toHaveLength(2);
  });

  it('swallows one direction only', async () => {
    proxy.pause('toClient');
    client.write('SET arrived 1\r\n');
    await eventually(() => expect(proxy.swallowedBytes('toClient')).toBe('+OK\r\n'.length));
    expect(await redis.cli('GET', 'arrived')).toBe('1');
    proxy.resume();
    expect(await ask('after')).toEqual(['$5\r\nhello\r\n', '$5\r\nafter\r\n']);
  });

  it('holds a reply back and delivers it later', async () => {
    proxy.hold('toClient');
    client.write('SET held 1\r\n');
    await eventually(() => expect(proxy.heldBytes('toClient')).toBe('+OK\r\n'.length));
    expect(replies.items).toHaveLength(1);
    proxy.resume();
    expect(await replies.count(2)).toEqual(['$5\r\nhello\r\n', '+OK\r\n']);
  });

  it('hides the end of the server while paused and shows it on resume', async () => {
    const closed = once(client, 'close');
    proxy.pause();
    await redis.kill();
    expect(client.closed).toBe(false);
    proxy.resume();
    await closed;
  });

  it('cuts established connections and accepts new ones', async () => {
    const closed = once(client, 'close');
    proxy.cut();
    await closed;
    client = connect(proxy.port, '127.0.0.1').setEncoding('utf8').on('data', replies.push);
    expect(await ask('new')).toHaveLength(2);
  });

  it('refuses new connections until it accepts them again', async () => {
    await proxy.refuse();
    await expect(once(connect(proxy.port, '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED');
    expect(await ask('still')).toHaveLength(2);
    await proxy.accept();
    const late = connect(proxy.port, '127.0.0.1');
    await once(late, 'connect');
    late.destroy();
  });

  it('closes the client when the server is away', async () => {
    await redis.kill();
    const late = connect(proxy.port, '127.0.0.1');
    expect(await once(late.resume(), 'close')).toEqual([false]);
  });
});

describe('eventually', () => {
  it('resolves with what the assertion returns once it holds', async () => {
    let runs = 0;
    const result = await eventually(() => {
      runs += 1;
      expect(runs).toBe(3);
      return 'held';
    });
    expect(result).toBe('held');
  });

  it('rejects with the last failure', async () => {
    let runs = 0;
    const failing = eventually(() => Promise.reject(new Error(`run ${(runs += 1)}`)), { timeoutMs: 50 });
    await expect(failing).rejects.toThrow(/^run \d+$/);
    expect(runs).toBeGreaterThan(1);
  });

  it('gives up on an assertion that never settles', async () => {
    const pending = eventually(() => new Promise(() => undefined), { timeoutMs: 20 });
    await expect(pending).rejects.toThrow('still pending after 20 ms');
  });

  it('runs on real time under fake timers', async () => {
    jest.useFakeTimers();
    try {
      let runs = 0;
      await eventually(() => expect((runs += 1)).toBe(3));
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('Inbox', () => {
  it('resolves with the items up to the fence', async () => {
    const inbox = new Inbox<number>();
    inbox.push(1);
    setImmediate(() => [2, 3].forEach(inbox.push));
    expect(await inbox.upTo((item) => item === 2)).toEqual([1, 2]);
    expect(await inbox.count(3)).toEqual([1, 2, 3]);
  });

  it('says what it has when it waits in vain', async () => {
    const inbox = new Inbox<string>();
    inbox.push('a');
    await expect(inbox.count(2, 20)).rejects.toThrow('Waited 20 ms for 2 items; received 1: a');
  });
});

describe('freePort', () => {
  it('finds a port that can be listened on', async () => {
    const port = await freePort();
    const redis = await RedisServer.start({ port });
    expect(await redis.cli('PING')).toBe('PONG');
    await redis.stop();
  });
});

import { afterEach, describe, expect, it } from '@jest/globals';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Injectable, UseGuards } from '@nestjs/common';
import { Redis } from 'ioredis';
import type { EventContext, KeyEvent } from 'nestjs-redis-event-bus';
import {
  EventBusPublisher,
  InvalidChannelError,
  OnEvent,
  OnKeyEvent,
  cloudEvents,
  memory,
  memoryBroker,
  redis,
} from 'nestjs-redis-event-bus';
import { Inbox } from '../support/inbox.js';
import type { LogLines } from '../support/log.lines.js';
import { RedisServer } from '../support/redis.server.js';
import { startedApps } from '../support/started.apps.js';

const { boot } = startedApps();
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function startServer(...args: string[]): Promise<RedisServer> {
  const server = await RedisServer.start({ args });
  closers.push(() => server.stop());
  return server;
}

async function clientOf({ port }: RedisServer, db: number): Promise<Redis> {
  const client = new Redis({ port, db, lazyConnect: true });
  closers.push(() => client.quit());
  await client.connect();
  return client;
}

const flagsOf = async (server: RedisServer) =>
  ((await server.cli('CONFIG', 'GET', 'notify-keyspace-events')) as string[])[1];

/** What is said of the setting. */
const said = ({ lines }: LogLines) =>
  lines
    .filter(({ message }) => /notify-keyspace-events|key events/.test(message))
    .map(({ level, message }) => `${level} ${message}`);

describe('@OnKeyEvent', () => {
  it('calls the handler for the keys it names, in the database of the connection, without prefix and codec', async () => {
    const server = await startServer('--notify-keyspace-events', 'EA');
    const inbox = new Inbox<string>();
    const contexts: EventContext[] = [];
    @Injectable()
    class Sessions {
      @OnKeyEvent(['del', 'expired'], { key: 'session:*' })
      gone({ event, key, db }: KeyEvent, context: EventContext) {
        contexts.push(context);
        inbox.push(`${event} ${key} ${db}`);
      }
    }
    await boot(
      { transport: redis({ url: `${server.url}/3` }), prefix: 'shop:', codec: cloudEvents({ source: '/s' }) },
      Sessions,
    );
    const [in0, in3] = [await clientOf(server, 0), await clientOf(server, 3)];
    for (const client of [in0, in3]) {
      await client.mset('other:1', 'x', 'session:1', 'x');
      await client.del('other:1');
      await client.del('session:1');
    }
    await in3.set('session:2', 'x', 'PX', 1);
    expect(await inbox.count(2)).toEqual(['del session:1 3', 'expired session:2 3']);
    expect(contexts[0]).toMatchObject({ channel: '__keyevent@3__:del', pattern: undefined });
  });

  it('takes another database, every event, and several decorators on one method', async () => {
    const server = await startServer('--notify-keyspace-events', 'EA');
    const inbox = new Inbox<string>();
    @Injectable()
    class Watch {
      @OnKeyEvent('*', { db: 1, key: 'a' })
      @OnKeyEvent('del', { key: 'b' })
      @OnEvent('fence')
      see(event: KeyEvent | string) {
        inbox.push(typeof event === 'string' ? event : `${event.event} ${event.key} ${event.db}`);
      }
    }
    const { app } = await boot({ transport: redis({ url: server.url }) }, Watch);
    const [in0, in1] = [await clientOf(server, 0), await clientOf(server, 1)];
    for (const client of [in1, in0]) {
      await client.mset('a', '1', 'b', '1');
      await client.del('a');
      await client.del('b');
    }
    await app.get(EventBusPublisher).publish('fence', 'fence');
    expect(await inbox.upTo((item) => item === 'fence')).toEqual(['set a 1', 'del a 1', 'del b 0', 'fence']);
  });

  it('is a handler like any other: guards are asked', async () => {
    const broker = memoryBroker();
    const seen: string[] = [];
    class NoSecrets implements CanActivate {
      canActivate(context: ExecutionContext) {
        return !context.switchToRpc().getData<KeyEvent>().key.startsWith('secret');
      }
    }
    @Injectable()
    class Watch {
      @OnKeyEvent('expired')
      @UseGuards(new NoSecrets())
      see({ key, db }: KeyEvent) {
        seen.push(`${key} ${db}`);
      }
    }
    await boot({ transport: memory({ broker }) }, Watch);
    broker.emitKeyEvent({ event: 'expired', key: 'secret:1' });
    broker.emitKeyEvent({ event: 'expired', key: 'session:1' });
    broker.emitKeyEvent({ event: 'expired', key: 'session:2', db: 1 });
    await broker.whenIdle();
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual(['session:1 0']);
  });

  it('names everything that is wrong with it at the start', async () => {
    @Injectable()
    class Wrong {
      @OnKeyEvent([])
      none() {}
      @OnKeyEvent('ex pired', { key: 'a[', db: -1 })
      odd() {}
      @OnKeyEvent('del', { group: 'g' } as object)
      shared() {}
    }
    const starting = boot({ transport: memory() }, Wrong);
    await expect(starting).rejects.toMatchObject({
      problems: [
        expect.stringMatching(/^@OnKeyEvent on Wrong\.none: it has no event/),
        expect.stringMatching(/^@OnKeyEvent on Wrong\.odd: event "ex pired"/),
        expect.stringMatching(/^@OnKeyEvent on Wrong\.odd: key "a\["/),
        expect.stringMatching(/^@OnKeyEvent on Wrong\.odd: db must be/),
        expect.stringMatching(/^@OnKeyEvent on Wrong\.shared: group needs events with an id/),
      ],
    });
  });

  it('cannot be forged through the publisher', async () => {
    const { app } = await boot({ transport: memory() });
    const publishing = app.get(EventBusPublisher).publish('__keyevent@0__:expired', 'x');
    await expect(publishing).rejects.toThrow(InvalidChannelError);
  });
});

describe('keyspace: { ensure }', () => {
  @Injectable()
  class Watch {
    @OnKeyEvent(['expired', 'del'])
    see() {}
  }

  it('warns once of flags that the server lacks, with the command to run', async () => {
    const server = await startServer('--notify-keyspace-events', 'Kx');
    const { log } = await boot({ transport: redis({ url: server.url }) }, Watch);
    expect(said(log)).toEqual([
      `warn Redis does not publish the key events that handlers listen to (missing="Eg" nodes="127.0.0.1:${server.port}"). Run CONFIG SET notify-keyspace-events xKEg, or write keyspace: { ensure: 'set' }.`,
    ]);
    expect(await flagsOf(server)).toBe('xK');
  });

  it('says nothing where they are set, where nobody needs them, and when told not to look', async () => {
    const [set, unset] = [await startServer('--notify-keyspace-events', 'AE'), await startServer()];
    for (const { log } of [
      await boot({ transport: redis({ url: set.url }) }, Watch),
      await boot({ transport: redis({ url: unset.url }) }),
      await boot({ transport: redis({ url: unset.url }), keyspace: { ensure: 'off' } }, Watch),
    ]) {
      expect(said(log)).toEqual([]);
    }
  });

  it('sets them when asked to, and takes none away', async () => {
    const server = await startServer('--notify-keyspace-events', 'K$');
    const { log } = await boot({ transport: redis({ url: server.url }), keyspace: { ensure: 'set' } }, Watch);
    expect(
      String(await flagsOf(server))
        .split('')
        .toSorted()
        .join(''),
    ).toBe('$EKgx');
    expect(said(log)).toEqual([expect.stringMatching(/^log notify-keyspace-events was set/)]);
  });

  it('says so when it may not look, and fails the start when it may not set', async () => {
    const server = await startServer();
    await server.cli('ACL', 'SETUSER', 'bus', 'on', '>pw', '~*', '&*', '+@all', '-config');
    const url = server.url.replace('redis://', 'redis://bus:pw@');
    const { log } = await boot({ transport: redis({ url }) }, Watch);
    expect(said(log)).toEqual([expect.stringMatching(/^warn Cannot check whether.*NOPERM/)]);
    const starting = boot({ transport: redis({ url }), keyspace: { ensure: 'set' } }, Watch);
    await expect(starting).rejects.toThrow(/could not set notify-keyspace-events: .*NOPERM/);
  });
});

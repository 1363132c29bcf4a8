import type { Type } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import type { EventBusModuleOptions, OnEventOptions } from 'nestjs-redis-event-bus';
import {
  EventContext,
  OnEvent,
  cloudEvents,
  json,
  memory,
  memoryBroker,
  redis,
} from 'nestjs-redis-event-bus';
import { eventually } from '../support/eventually.js';
import { Inbox } from '../support/inbox.js';
import { RedisServer } from '../support/redis.server.js';
import type { StartedApp } from '../support/started.apps.js';
import { startedApps } from '../support/started.apps.js';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

const { start } = startedApps();
const codec = cloudEvents({ source: '/orders' });
const THREE = ['one', 'two', 'three'] as const;

interface Call {
  readonly instance: string;
  readonly payload: number;
}

/** A service of which several instances run: they share the name of the class, as they share its code. */
function service(instance: string, calls: Inbox<Call>, options: OnEventOptions): Type {
  @Injectable()
  class Notifier {
    @OnEvent('orders:*', options)
    async notify(payload: number) {
      calls.push({ instance, payload });
    }
  }
  return Notifier;
}

const sum = (apps: readonly StartedApp[], counter: 'handled' | 'leftToGroup' | 'rejected') =>
  apps.reduce((total, { counters }) => total + counters[counter], 0);

describe.each(['memory', 'redis'] as const)('a group, on %s', (transportName) => {
  const broker = memoryBroker();
  const bus = (options: Partial<EventBusModuleOptions> = {}): EventBusModuleOptions => ({
    transport: transportName === 'memory' ? memory({ broker }) : redis({ url: server.url }),
    codec,
    ...options,
  });
  const startThree = (calls: Inbox<Call>, options: OnEventOptions) =>
    Promise.all(THREE.map((instance) => start({ providers: [service(instance, calls, options)] }, bus())));

  it('handles each event in one of its instances', async () => {
    const calls = new Inbox<Call>();
    const apps = await startThree(calls, { group: 'notifications' });
    const events = Array.from({ length: 300 }, (_, payload) => ({
      channel: `orders:${payload % 7}`,
      payload,
    }));
    await apps[0]?.publisher.publishMany(events);
    await eventually(() => expect(sum(apps, 'handled') + sum(apps, 'leftToGroup')).toBe(900));
    expect(calls.items.map(({ payload }) => payload).toSorted((a, b) => a - b)).toEqual(
      events.map(({ payload }) => payload),
    );
    expect([sum(apps, 'handled'), sum(apps, 'rejected')]).toEqual([300, 0]);
  });

  it('is what it takes for that: without one each instance handles every event', async () => {
    const calls = new Inbox<Call>();
    const apps = await startThree(calls, {});
    await apps[0]?.publisher.publishMany([1, 2, 3].map((payload) => ({ channel: 'orders:1', payload })));
    await eventually(() => expect(sum(apps, 'handled')).toBe(9));
    expect(calls.items).toHaveLength(9);
  });

  it('is one of several: every group has each event once', async () => {
    const calls = new Inbox<string>();
    const instance = () => {
      @Injectable()
      class Notifier {
        @OnEvent('orders:*', { group: 'a' })
        first() {
          calls.push('first');
        }

        @OnEvent('orders:*', { group: 'b' })
        second() {
          calls.push('second');
        }

        @OnEvent('orders:*')
        everywhere() {
          calls.push('everywhere');
        }
      }
      return start({ providers: [Notifier] }, bus());
    };
    const apps = [await instance(), await instance()];
    await apps[0]?.publisher.publish('orders:1', 1);
    await eventually(() => expect([sum(apps, 'handled'), sum(apps, 'leftToGroup')]).toEqual([4, 2]));
    expect(calls.items.toSorted()).toEqual(['everywhere', 'everywhere', 'first', 'second']);
  });

  it('is the same in builds that name the class and the method otherwise', async () => {
    const calls = new Inbox<string>();
    @Injectable()
    class Notifier {
      @OnEvent('orders:*', { group: 'builds' })
      notify() {
        calls.push('as it was');
      }
    }
    @Injectable()
    class a {
      @OnEvent(['orders:1', 'orders:2'], { group: 'builds' })
      b() {
        calls.push('minified');
      }
    }
    const apps = [await start({ providers: [Notifier] }, bus()), await start({ providers: [a] }, bus())];
    const batch = Array.from({ length: 10 }, (_, payload) => ({ channel: 'orders:1', payload }));
    await apps[0]?.publisher.publishMany(batch);
    await eventually(() => expect([sum(apps, 'handled'), sum(apps, 'leftToGroup')]).toEqual([10, 10]));
    expect(calls.items).toHaveLength(10);
  });

  it('handles an event once that is published again under its id', async () => {
    const calls = new Inbox<Call>();
    const apps = await startThree(calls, { group: 'notifications' });
    for (const payload of [1, 2]) {
      await apps[0]?.publisher.publish('orders:1', payload, { headers: { id: `again:${transportName}` } });
    }
    await eventually(() => expect(sum(apps, 'leftToGroup')).toBe(5));
    expect(calls.items.map(({ payload }) => payload)).toEqual([1]);
  });

  it('handles nothing that has no id, and says so', async () => {
    const calls = new Inbox<Call>();
    const apps = await startThree(calls, { group: 'notifications' });
    const foreign = await start({}, bus({ codec: json() }));
    await foreign.publisher.publish('orders:1', 1);
    await eventually(() => expect(sum(apps, 'rejected')).toBe(3));
    expect(calls.items).toEqual([]);
    // Nest's logger is one for the process: the last application has the lines of all.
    expect(new Set(foreign.lines('warn'))).toEqual(
      new Set([
        'A message was dropped: its group cannot claim it (channel="orders:1" reason="Group \\"notifications\\" cannot claim this event: it has no id. Publish it with the cloudEvents() codec.")',
      ]),
    );
  });

  it('tries again in the instance that has the event', async () => {
    const calls = new Inbox<string>();
    const instance = (name: string) => {
      @Injectable()
      class Notifier {
        private failures = 0;

        @OnEvent('orders:*', { group: 'retried', retry: { attempts: 3, delayMs: 1 } })
        notify(_payload: number, event: EventContext) {
          calls.push(`${name} ${event.channel}`);
          this.failures += 1;
          if (this.failures < 3) throw new Error('not yet');
        }
      }
      return start({ providers: [Notifier] }, bus());
    };
    const apps = [await instance('one'), await instance('two')];
    await apps[0]?.publisher.publish('orders:1', 1);
    await eventually(() => expect([sum(apps, 'handled'), sum(apps, 'leftToGroup')]).toEqual([1, 1]));
    expect(new Set(calls.items).size).toBe(1);
    expect(calls.items).toHaveLength(3);
  });
});

describe('claims in Redis', () => {
  it('are keys under the prefix of the application that end by themselves', async () => {
    await server.cli('FLUSHALL');
    const calls = new Inbox<Call>();
    const options = { transport: redis({ url: server.url }), codec, prefix: 'app:' };
    const app = await start({ providers: [service('one', calls, { group: 'g' })] }, options);
    await app.publisher.publish('orders:1', 1, { headers: { id: 'e1' } });
    await calls.count(1);
    const keys = (await server.cli('KEYS', '*')) as string[];
    expect(keys).toEqual(['app:event-bus:claim:g:["/orders","e1"]']);
    const ttlMs = Number(await server.cli('PTTL', keys[0] as string));
    expect(ttlMs).toBeGreaterThan(0);
    expect(ttlMs).toBeLessThanOrEqual(300_000);
  });

  it('are not made where no handler has a group', async () => {
    await server.cli('FLUSHALL');
    const calls = new Inbox<Call>();
    const options = { transport: redis({ url: server.url }), codec };
    const app = await start({ providers: [service('one', calls, {})] }, options);
    await app.publisher.publish('orders:1', 1);
    await calls.count(1);
    expect(await server.cli('DBSIZE')).toBe(0);
  });

  describe('of a user with few permissions', () => {
    const RULES = ['resetkeys', 'resetchannels', '&app:orders:*', '-@all', '+ping', '+info', '+publish'];
    const SUBSCRIBER = ['+subscribe', '+psubscribe', '+unsubscribe', '+punsubscribe'];

    async function serviceOf(user: string, ...rules: readonly string[]) {
      await server.cli('ACL', 'SETUSER', user, 'reset', 'on', '>secret', ...RULES, ...SUBSCRIBER, ...rules);
      const calls = new Inbox<Call>();
      const options = {
        transport: redis({ url: server.url, username: user, password: 'secret' }),
        codec,
        prefix: 'app:',
      };
      const app = await start({ providers: [service(user, calls, { group: 'g' })] }, options);
      await app.publisher.publish('orders:1', 1);
      return { app, calls };
    }

    it('need +set and the keys of the claims, and nothing else beside what publishing and subscribing need', async () => {
      const { app, calls } = await serviceOf('enough', '+set', '~app:event-bus:claim:*');
      await calls.count(1);
      expect(app.counters.rejected).toBe(0);
    });

    it.each([
      [
        'no-set',
        ['~app:event-bus:claim:*'],
        /NOPERM .*'set' command.*\. Add \+set to the rules of the user in the Redis ACL/,
      ],
      [
        'no-keys',
        ['+set'],
        /no key under .*app:event-bus:claim:\*.* NOPERM .* keys?\b.* Check the rules of the user/,
      ],
    ])('are refused without a part of it, which is named (%s)', async (user, rules, reason) => {
      const { app, calls } = await serviceOf(user, ...rules);
      await eventually(() => expect(app.counters.rejected).toBe(1));
      expect(calls.items).toEqual([]);
      expect(app.lines('warn').at(-1)).toMatch(reason);
    });
  });
});

import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import { OnEvent, redis } from 'nestjs-redis-event-bus';
import { eventually } from '../support/eventually.js';
import { Inbox } from '../support/inbox.js';
import { subscriberCount } from '../support/pubsub.probe.js';
import { RedisServer } from '../support/redis.server.js';
import { startedApps } from '../support/started.apps.js';

const TARGETS = ['o:a', 'o:?', 'o:*', '*'];
const ROUNDS = 60;

const { boot } = startedApps(() => ({ transport: redis({ url: server.url }) }));
let server: RedisServer;
let closers: (() => unknown)[] = [];

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await server.cli('ACL', 'DELUSER', 'limited');
});

@Injectable()
class NarrowHandler {
  readonly heard = new Inbox<unknown>();

  @OnEvent('o:a')
  narrow(payload: unknown) {
    this.heard.push(payload);
  }
}

@Injectable()
class WideHandler {
  readonly heard = new Inbox<unknown>();

  @OnEvent('o:*')
  wide(payload: unknown) {
    this.heard.push(payload);
  }
}

/** May do everything, on channels and patterns that these rules name. */
async function limitedTo(...channels: string[]) {
  await server.cli('ACL', 'SETUSER', 'limited', 'on', '>secret', 'allcommands', 'allkeys', 'resetchannels');
  if (channels.length > 0)
    await server.cli('ACL', 'SETUSER', 'limited', ...channels.map((name) => `&${name}`));
  return redis({ url: server.url, username: 'limited', password: 'secret' });
}

/** What the server holds for the one connection that subscribes. */
async function heldAtServer() {
  const clients = String(await server.cli('CLIENT', 'LIST', 'TYPE', 'pubsub'));
  return {
    channels: Number(/ sub=(\d+)/.exec(clients)?.[1]),
    patterns: Number(/ psub=(\d+)/.exec(clients)?.[1]),
  };
}

/** Publishes 1, 2, 3 … without a pause, a few at once, until it is stopped. */
function numberOn(channel: string) {
  const client = new Redis(server.url);
  const numbers = { latest: 0 };
  let isOver = false;
  const done = (async () => {
    while (!isOver) {
      const sent = Array.from({ length: 5 }, () => {
        numbers.latest += 1;
        return client.publish(channel, String(numbers.latest));
      });
      await Promise.all(sent);
    }
    await client.quit();
  })();
  const stop = () => {
    isOver = true;
    return done;
  };
  closers.push(stop);
  return { numbers, stop };
}

/** The numbers that do not follow the one before by one. */
function breaksIn(numbers: readonly number[]): readonly number[] {
  return numbers.filter((number, index) => index > 0 && number !== (numbers[index - 1] ?? 0) + 1);
}

describe('targets that others cover', () => {
  it('are served by one subscription, each handler once', async () => {
    const bus = await boot();
    const inboxes = TARGETS.map(() => new Inbox<string>());
    for (const [index, target] of TARGETS.entries()) {
      await bus.subscriber.subscribe(target, (payload, { pattern }) =>
        inboxes[index]?.push(`${String(payload)} by ${pattern}`),
      );
    }
    await eventually(async () => expect(await heldAtServer()).toEqual({ channels: 0, patterns: 1 }));
    expect(await server.cli('PUBSUB', 'NUMPAT')).toBe(1);
    expect(await subscriberCount(server, 'o:a')).toBe(0);

    expect(await bus.publisher.publish('o:a', 1)).toBe(1);
    await bus.publisher.publish('o:a', 2);
    for (const [index, target] of TARGETS.entries()) {
      const pattern = target === 'o:a' ? undefined : target;
      expect(await inboxes[index]?.count(2)).toEqual([`1 by ${pattern}`, `2 by ${pattern}`]);
    }
    expect(bus.inspector.snapshot().handlers.map(({ subscriptions }) => subscriptions)).toEqual(
      TARGETS.map(() => ['*']),
    );
  });

  it('have subscriptions of their own where coalesce is off', async () => {
    const bus = await boot({ coalesce: false });
    const inbox = new Inbox<string>();
    for (const target of TARGETS) await bus.subscriber.subscribe(target, () => inbox.push(target));
    expect(await heldAtServer()).toEqual({ channels: 1, patterns: 3 });
    expect(await bus.publisher.publish('o:a', 1)).toBe(4);
    expect((await inbox.count(4)).toSorted()).toEqual(TARGETS.toSorted());
    expect(bus.inspector.snapshot().handlers.map(({ subscriptions }) => subscriptions)).toEqual(
      TARGETS.map((target) => [target]),
    );
  });

  it('are served without a break while a wider one comes and goes under load', async () => {
    const bus = await boot();
    const load = numberOn('o:a');
    const kept: number[] = [];
    await bus.subscriber.subscribe<number>('o:a', (number) => kept.push(number));
    for (let round = 0; round < ROUNDS; round += 1) {
      const heard: number[] = [];
      const target = ['o:*', 'o:?', '*', ['o:?', 'o:*']][round % 4] as string;
      const wide = await bus.subscriber.subscribe<number>(target, (number) => heard.push(number));
      const confirmedAt = load.numbers.latest;
      // Not always to the end: some are gone before the hand-over is.
      const least = round % 3 > 0 ? 2 : 0;
      await eventually(() => expect(heard.length).toBeGreaterThanOrEqual(least));
      const gone = wide.unsubscribe();
      if (round % 2 > 0) await gone;
      expect(breaksIn(heard)).toEqual([]);
      expect(heard[0] ?? 0).toBeLessThanOrEqual(confirmedAt + 1);
    }
    await load.stop();
    await eventually(() => expect(kept.at(-1)).toBe(load.numbers.latest));
    expect(breaksIn(kept)).toEqual([]);
    await eventually(async () => expect(await heldAtServer()).toEqual({ channels: 1, patterns: 0 }));
  });

  it('come and go themselves without a break for anybody', async () => {
    const bus = await boot();
    const load = numberOn('o:a');
    const kept: number[] = [];
    const wide = await bus.subscriber.subscribe<number>('o:*', (number) => kept.push(number));
    for (let round = 0; round < ROUNDS; round += 1) {
      const heard: number[] = [];
      const target = [['o:a'], ['o:?', 'o:a'], ['*', 'o:a', 'o:?']][round % 3] as string[];
      const narrow = await bus.subscriber.subscribe<number>(target, (number) => heard.push(number));
      const confirmedAt = load.numbers.latest;
      await eventually(() => expect(heard.length).toBeGreaterThan(1));
      const gone = narrow.unsubscribe();
      if (round % 2 > 0) await gone;
      expect(breaksIn(heard)).toEqual([]);
      expect(heard[0]).toBeLessThanOrEqual(confirmedAt + 1);
    }
    await load.stop();
    await eventually(() => expect(kept.at(-1)).toBe(load.numbers.latest));
    expect(breaksIn(kept)).toEqual([]);
    await wide.unsubscribe();
    await eventually(async () =>
      expect(await server.cli('CLIENT', 'LIST', 'TYPE', 'pubsub')).not.toMatch(/ p?sub=[1-9]/),
    );
  });

  it('would miss events if the old subscription ended before the new one is confirmed (control)', async () => {
    const client = new Redis(server.url);
    closers.push(() => client.disconnect());
    const heard: number[] = [];
    client.on('message', (_channel, body) => heard.push(Number(body)));
    client.on('pmessage', (_pattern, _channel, body) => heard.push(Number(body)));
    await client.subscribe('o:a');
    const load = numberOn('o:a');
    for (let round = 0; round < ROUNDS; round += 1) {
      await client.unsubscribe('o:a');
      await client.psubscribe('o:*');
      await client.punsubscribe('o:*');
      await client.subscribe('o:a');
    }
    await load.stop();
    await eventually(async () => {
      await server.cli('PUBLISH', 'o:a', '0');
      expect(heard.at(-1)).toBe(0);
    });
    expect(breaksIn(heard.filter((number) => number > 0))).not.toEqual([]);
  });

  it('are served again by the one subscription after a lost link, and named in its gap', async () => {
    const bus = await boot();
    const inbox = new Inbox<unknown>();
    for (const target of TARGETS) await bus.subscriber.subscribe(target, inbox.push);
    await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    const [gap] = await bus.gaps.count(1);
    expect(gap).toMatchObject({ reason: 'connection-lost' });
    expect(gap?.targets.toSorted()).toEqual(TARGETS.toSorted());
    await eventually(async () => expect(await heldAtServer()).toEqual({ channels: 0, patterns: 1 }));
    await bus.publisher.publish('o:a', 'again');
    expect(await inbox.count(4)).toEqual(TARGETS.map(() => 'again'));
  });
});

describe('a wide target that Redis denies', () => {
  it('fails the start in the name of its own handlers', async () => {
    const transport = await limitedTo('o:a');
    const starting = boot({ transport }, NarrowHandler, WideHandler);
    const message = await starting.then(
      () => 'it started',
      (error: Error) => error.message,
    );
    expect(message).toContain('WideHandler.wide');
    expect(message).not.toContain('NarrowHandler');
  });

  it('leaves the others to subscriptions of their own, and takes over when it is granted', async () => {
    const transport = await limitedTo('o:a');
    const bus = await boot({ transport, startup: { onFailure: 'retry' } }, NarrowHandler, WideHandler);
    const [narrow, wide] = [bus.app.get(NarrowHandler), bus.app.get(WideHandler)];
    await server.cli('PUBLISH', 'o:a', '1');
    expect(await narrow.heard.count(1)).toEqual([1]);
    expect(wide.heard.items).toEqual([]);
    expect(bus.status.current).toBe('degraded');
    expect(bus.inspector.snapshot().handlers).toMatchObject([
      { subscriptions: ['o:a'] },
      { subscriptions: [] },
    ]);

    await server.cli('ACL', 'SETUSER', 'limited', '&o:*');
    // Whoever asks anew does not wait for the next attempt.
    await bus.subscriber.subscribe('o:*', () => undefined);
    await eventually(async () => expect(await heldAtServer()).toEqual({ channels: 0, patterns: 1 }));
    await server.cli('PUBLISH', 'o:a', '2');
    expect(await narrow.heard.count(2)).toEqual([1, 2]);
    expect(await wide.heard.count(1)).toEqual([2]);
    expect(bus.status.current).toBe('ready');
  });

  it('leaves them so after a lost link too, with a gap that names what they missed', async () => {
    const transport = await limitedTo('o:a', 'o:*');
    const bus = await boot({ transport }, NarrowHandler, WideHandler);
    const narrow = bus.app.get(NarrowHandler);
    // Redis ends the connection of a user that may not have what it has.
    await server.cli('ACL', 'SETUSER', 'limited', 'resetchannels', '&o:a');
    await bus.gaps.upTo(({ reason, targets }) => reason === 'subscription-denied' && targets.includes('o:a'));
    await server.cli('PUBLISH', 'o:a', '1');
    expect(await narrow.heard.count(1)).toEqual([1]);
    expect(bus.inspector.snapshot().handlers).toMatchObject([
      { subscriptions: ['o:a'] },
      { subscriptions: [] },
    ]);
  });

  it('goes on serving the others when their own are denied and nobody else wants it', async () => {
    const transport = await limitedTo('o:*');
    // SUBSCRIBE o:a is covered by the rule; PSUBSCRIBE needs the very pattern.
    const bus = await boot({ transport });
    const heard = new Inbox<unknown>();
    const wide = await bus.subscriber.subscribe('o:*', () => undefined);
    await bus.subscriber.subscribe('o:?', heard.push);
    await wide.unsubscribe();
    await server.cli('PUBLISH', 'o:a', '1');
    expect(await heard.count(1)).toEqual([1]);
    expect(bus.status.current).toBe('degraded');
    expect(bus.inspector.snapshot().subscriptions).toMatchObject([
      { target: 'o:*', state: 'active' },
      { target: 'o:?', state: 'denied' },
    ]);
  });
});

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { jest } from '@jest/globals';
import type { EventBusModuleOptions } from 'nestjs-redis-event-bus';
import {
  EventBusInspector,
  EventBusModule,
  EventBusPublisher,
  EventBusStatus,
  OnEvent,
  cloudEvents,
  redis,
} from 'nestjs-redis-event-bus';
import type { AclUser } from '../support/acl.document.js';
import { aclUsers } from '../support/acl.document.js';
import { Escapes } from '../support/escapes.js';
import { eventually } from '../support/eventually.js';
import { LogLines } from '../support/log.lines.js';
import { RedisServer } from '../support/redis.server.js';

const users = aclUsers();
const escapes = new Escapes();
let server: RedisServer;
let closers: (() => unknown)[] = [];

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

beforeEach(() => {
  escapes.listen();
  // Where ioredis may not ask INFO, it tells the console.
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  jest.restoreAllMocks();
  const escaped = await escapes.take();
  escapes.release();
  expect(escaped).toEqual([]);
});

class OrderHandler {
  @OnEvent('orders:created')
  created(): void {}
}

class AnyOrderHandler {
  @OnEvent('orders:*')
  any(): void {}
}

class ShardHandler {
  @OnEvent('orders:{1}:created', { kind: 'shard' })
  created(): void {}
}

class GroupHandler {
  @OnEvent('orders:*', { group: 'billing' })
  bill(): void {}
}

/** What a service of each role does in its life. */
interface Role {
  readonly handlers?: readonly Type[];
  readonly options?: Partial<EventBusModuleOptions>;
  act?(app: INestApplicationContext): Promise<unknown>;
}

const ROLES: Readonly<Record<string, Role>> = {
  publisher: { act: (app) => app.get(EventBusPublisher).publish('orders:created', {}) },
  subscriber: { handlers: [OrderHandler, AnyOrderHandler] },
  inspector: {
    async act(app) {
      const inspector = app.get(EventBusInspector);
      await Promise.allSettled([
        inspector.channels(),
        inspector.subscriberCounts(['orders:created']),
        inspector.patternCount(),
        inspector.shardChannels(),
        inspector.shardSubscriberCounts(['orders:{1}:created']),
      ]);
    },
  },
  group: {
    handlers: [GroupHandler],
    options: { codec: cloudEvents({ source: '/billing' }) },
    async act(app) {
      const event = { specversion: '1.0', id: randomUUID(), source: '/orders', type: 'created', data: {} };
      await server.cli('PUBLISH', 'orders:created', JSON.stringify(event));
      await eventually(() => {
        const { handled, rejected } = app.get(EventBusInspector).snapshot().counters;
        expect(handled + rejected).toBe(1);
      });
    },
  },
  'shard-publisher': {
    act: (app) => app.get(EventBusPublisher).publish('orders:{1}:created', {}, { kind: 'shard' }),
  },
  'shard-subscriber': { handlers: [ShardHandler] },
};

function userOf(role: string): AclUser {
  const user = users.get(role);
  if (user === undefined) throw new Error(`docs/security.md has no line for ${role}.`);
  return user;
}

async function allow({ name, password, rules }: AclUser, without?: string): Promise<void> {
  const kept = rules.filter((rule) => rule !== without);
  await server.cli('ACL', 'SETUSER', name, 'reset', 'on', `>${password}`, ...kept);
}

const urlOf = ({ name, password }: AclUser) => server.url.replace('//', `//${name}:${password}@`);

async function start(
  url: string,
  { handlers = [], options }: Role = {},
  startup: EventBusModuleOptions['startup'] = {},
): Promise<INestApplicationContext> {
  const transport = redis({ url, heartbeat: { intervalMs: 50, timeoutMs: 5_000 } });
  @Module({ imports: [EventBusModule.forRoot({ ...options, transport, startup })], providers: [...handlers] })
  class Service {}
  const app = await NestFactory.createApplicationContext(Service, {
    logger: new LogLines(),
    abortOnError: false,
  });
  closers.push(() => app.close());
  return app;
}

/** The whole life of a service: its start, its work, a heartbeat on each connection, its end. */
async function live(roleName: string): Promise<void> {
  const role = ROLES[roleName] ?? {};
  await server.cli('CONFIG', 'RESETSTAT');
  await server.cli('ACL', 'LOG', 'RESET');
  const app = await start(urlOf(userOf(roleName)), role);
  await role.act?.(app);
  // Of the two connections.
  const beats = ['ping', 'unsubscribe'];
  await eventually(async () =>
    expect([...(await commandsAsked()).keys()]).toEqual(expect.arrayContaining(beats)),
  );
  await app.close();
}

/** Command by command, since the statistics were reset: whether the server ran it. */
async function commandsAsked(): Promise<ReadonlyMap<string, boolean>> {
  const stats = String(await server.cli('INFO', 'commandstats'));
  const lines = stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm);
  return new Map([...lines].map(([, name, calls]) => [String(name), Number(calls) > 0]));
}

/** What the server has denied, and why: `command publish`, `channel orders:created`, `key event-bus:claim:…`. */
async function denials(user: AclUser): Promise<string[]> {
  const log = (await server.cli('ACL', 'LOG')) as (string | number)[][];
  return log
    .map((flat) => Object.fromEntries(flat.map((field, i) => [field, flat[i + 1]])))
    .filter(({ username }) => username === user.name)
    .map(({ reason, object }) => `${reason} ${object}`);
}

const isPermission = (rule: string) => /^[+&~]/.test(rule);
const KINDS = { '+': 'command', '&': 'channel', '~': 'key' } as Readonly<Record<string, string>>;

describe('the ACL lines of docs/security.md', () => {
  it('have a test for each role', () => {
    expect([...users.keys()]).toEqual(Object.keys(ROLES));
  });

  it('are an ACL file that Redis loads', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'acl-'));
    closers.push(() => rm(directory, { recursive: true }));
    const file = join(directory, 'users.acl');
    const lines = [...users.values()].map(
      ({ name, password, rules }) => `user ${name} on >${password} ${rules.join(' ')}`,
    );
    await writeFile(file, [...lines, ''].join('\n'));
    const loaded = await RedisServer.start({ args: ['--aclfile', file] });
    closers.push(() => loaded.stop());
    expect(await loaded.cli('ACL', 'USERS')).toEqual(
      [...users.values()]
        .map(({ name }) => name)
        .concat('default')
        .toSorted(),
    );
  });

  it.each(Object.keys(ROLES))(
    'are enough for the life of the %s, which uses every one of them',
    async (role) => {
      const user = userOf(role);
      await allow(user);
      await live(role);
      expect(await denials(user)).toEqual([]);
      const asked = await commandsAsked();
      const commands = user.rules.filter((rule) => rule.startsWith('+')).map((rule) => rule.slice(1));
      expect(commands.filter((command) => asked.get(command) !== true)).toEqual([]);
      expect(console.warn).not.toHaveBeenCalled();
    },
  );

  const needed = [...users].flatMap(([role, { rules }]) =>
    rules.filter(isPermission).map((rule) => ({ role, rule })),
  );
  it.each(needed)('do not work for the $role without $rule', async ({ role, rule }) => {
    const user = userOf(role);
    await allow(user, rule);
    await live(role).catch(() => undefined);
    const object = rule.startsWith('+') ? ` ${rule.slice(1)}` : '';
    await eventually(async () =>
      expect((await denials(user)).join('\n')).toContain(`${KINDS[rule.charAt(0)]}${object}`),
    );
  });
});

describe('what NOPERM is answered with', () => {
  const failing = async (url: string, role: Role = {}): Promise<string> => {
    const started = await start(url, role).catch((error: Error) => error);
    return started instanceof Error ? started.message : 'it started';
  };

  it.each([
    ['subscriber', '+subscribe', 'Add +subscribe to'],
    ['subscriber', '+psubscribe', 'Add +psubscribe to'],
    ['subscriber', '&orders:*', 'Add &orders:* to'],
    ['shard-subscriber', '+ssubscribe', 'Add +ssubscribe to'],
    ['shard-subscriber', '&orders:*', 'Add &orders:{1}:created to'],
  ])('fails the start of the %s without %s: %s', async (role, rule, advice) => {
    const user = userOf(role);
    await allow(user, rule);
    const message = await failing(urlOf(user), ROLES[role]);
    expect(message).toContain('NOPERM');
    expect(message).toContain(advice);
  });

  it.each([
    ['publisher', '+publish', 'Add +publish to'],
    ['publisher', '&orders:*', 'Add &orders:created to'],
    ['shard-publisher', '+spublish', 'Add +spublish to'],
  ])('rejects what the %s publishes without %s: %s', async (role, rule, advice) => {
    const user = userOf(role);
    await allow(user, rule);
    const app = await start(urlOf(user));
    await expect(ROLES[role]?.act?.(app)).rejects.toThrow(advice);
  });

  it('wants the identical glob, not one that covers it', async () => {
    class CreatedHandler {
      @OnEvent('orders:c*')
      created(): void {}
    }
    const user = userOf('subscriber');
    await allow(user);
    expect(await failing(urlOf(user), { handlers: [CreatedHandler] })).toContain('Add &orders:c* to');
  });

  it('names the rule for a database', async () => {
    const user = userOf('publisher');
    await allow(user);
    expect(await failing(`${urlOf(user)}/1`)).toContain('Add +select to');
  });

  it('names the rule for an inspection', async () => {
    const user = userOf('inspector');
    await allow(user, '+pubsub|numpat');
    const app = await start(urlOf(user));
    await expect(app.get(EventBusInspector).patternCount()).rejects.toThrow('Add +pubsub|numpat to');
  });

  it('is in the status of a bus that starts nevertheless, until the rule is there', async () => {
    const user = userOf('subscriber');
    await allow(user, '&orders:*');
    const app = await start(urlOf(user), ROLES['subscriber'], { onFailure: 'retry' });
    const status = app.get(EventBusStatus);
    expect(status.current).toBe('degraded');
    expect(status.reason).toMatch(/NOPERM .*Add &orders:/);
  });

  it('is, without +info, a warning of ioredis alone', async () => {
    const user = userOf('subscriber');
    await allow(user, '+info');
    const app = await start(urlOf(user), ROLES['subscriber']);
    expect(app.get(EventBusStatus).current).toBe('ready');
    expect(console.warn).toHaveBeenCalledWith(expect.stringContaining('INFO'));
  });
});

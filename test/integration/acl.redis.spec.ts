/** @needs-redis-7 no sharded pub/sub, and no rules for subcommands */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyEvent } from 'nestjs-redis-event-bus';
import {
  EventBusInspector,
  EventBusPublisher,
  EventBusStatus,
  OnEvent,
  OnKeyEvent,
  cloudEvents,
  redis,
} from 'nestjs-redis-event-bus';
import { EventBusReportingModule } from 'nestjs-redis-event-bus/reporting';
import type { AclUser } from '../support/acl.document.js';
import { aclUsers } from '../support/acl.document.js';
import { eventually } from '../support/eventually.js';
import { Inbox } from '../support/inbox.js';
import { RedisServer } from '../support/redis.server.js';
import type { AclRole } from './support/acl.stage.js';
import { AclStage, describeAclLines } from './support/acl.stage.js';

let server: RedisServer;

beforeAll(async () => {
  server = await RedisServer.start({ args: ['--notify-keyspace-events', 'Ex'] });
});
afterAll(() => server.stop());

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

const expired = new Inbox<KeyEvent>();

class SessionHandler {
  @OnKeyEvent('expired', { key: 'session:*' })
  leave(event: KeyEvent): void {
    expired.push(event);
  }
}

const roles: Readonly<Record<string, AclRole>> = {
  publisher: { act: (app) => app.get(EventBusPublisher).publish('orders:created', {}) },
  // Each target on its own subscription, as it is where nothing covers it.
  subscriber: { handlers: [OrderHandler, AnyOrderHandler], options: { coalesce: false } },
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
  keyspace: {
    handlers: [SessionHandler],
    options: { keyspace: { ensure: 'off' } },
    async act() {
      expired.clear();
      await server.cli('SET', 'session:42', 'x', 'PX', 1);
      await expired.count(1);
    },
  },
  reporter: {
    handlers: [OrderHandler],
    imports: [EventBusReportingModule.forRoot()],
    act: () => eventually(async () => expect((await stage.watch.commandsAsked()).has('publish')).toBe(true)),
  },
};

const urlOf = ({ name, password }: AclUser) => server.url.replace('//', `//${name}:${password}@`);

const stage = new AclStage({
  place: 'server',
  roles,
  servers: () => [server],
  transportFor: (user) => redis({ url: urlOf(user), heartbeat: { intervalMs: 50, timeoutMs: 5_000 } }),
});

describe('the ACL lines of docs/security.md', () => {
  describeAclLines(stage);

  it.each(['server', 'cluster', 'apps'] as const)('are an ACL file that Redis loads: %s', async (place) => {
    const directory = await mkdtemp(join(tmpdir(), 'acl-'));
    stage.afterwards(() => rm(directory, { recursive: true }));
    const file = join(directory, 'users.acl');
    const users = [...aclUsers(place).values()];
    const lines = users.map(({ name, password, rules }) => `user ${name} on >${password} ${rules.join(' ')}`);
    await writeFile(file, [...lines, ''].join('\n'));
    const loaded = await RedisServer.start({ args: ['--aclfile', file] });
    stage.afterwards(() => loaded.stop());
    expect(await loaded.cli('ACL', 'USERS')).toEqual(
      users
        .map(({ name }) => name)
        .concat('default')
        .toSorted(),
    );
  });
});

describe('what NOPERM is answered with', () => {
  const failing = async (user: AclUser, role: AclRole = {}): Promise<string> => {
    const started = await stage.start(user, role).catch((error: Error) => error);
    return started instanceof Error ? started.message : 'it started';
  };

  it.each([
    ['subscriber', '+subscribe', 'Add +subscribe to'],
    ['subscriber', '+psubscribe', 'Add +psubscribe to'],
    ['subscriber', '&orders:*', 'Add &orders:* to'],
    ['shard-subscriber', '+ssubscribe', 'Add +ssubscribe to'],
    ['shard-subscriber', '&orders:*', 'Add &orders:{1}:created to'],
  ])('fails the start of the %s without %s: %s', async (role, rule, advice) => {
    const user = stage.userOf(role);
    await stage.watch.allow(user, rule);
    const message = await failing(user, roles[role]);
    expect(message).toContain('NOPERM');
    expect(message).toContain(advice);
  });

  it.each([
    ['publisher', '+publish', 'Add +publish to'],
    ['publisher', '&orders:*', 'Add &orders:created to'],
    ['shard-publisher', '+spublish', 'Add +spublish to'],
  ])('rejects what the %s publishes without %s: %s', async (role, rule, advice) => {
    const user = stage.userOf(role);
    await stage.watch.allow(user, rule);
    const { app } = await stage.start(user);
    await expect(roles[role]?.act?.(app)).rejects.toThrow(advice);
  });

  it('wants the identical glob, not one that covers it', async () => {
    class CreatedHandler {
      @OnEvent('orders:c*')
      created(): void {}
    }
    const user = stage.userOf('subscriber');
    await stage.watch.allow(user);
    expect(await failing(user, { handlers: [CreatedHandler] })).toContain('Add &orders:c* to');
  });

  it('names the rule for a database', async () => {
    const user = stage.userOf('publisher');
    await stage.watch.allow(user);
    const transport = redis({ url: `${urlOf(user)}/1` });
    expect(await failing(user, { options: { transport } })).toContain('Add +select to');
  });

  it('names the rule for an inspection', async () => {
    const user = stage.userOf('inspector');
    await stage.watch.allow(user, '+pubsub|numpat');
    const { app } = await stage.start(user);
    await expect(app.get(EventBusInspector).patternCount()).rejects.toThrow('Add +pubsub|numpat to');
  });

  it('is in the status of a bus that starts nevertheless, until the rule is there', async () => {
    const user = stage.userOf('subscriber');
    await stage.watch.allow(user, '&orders:*');
    const { app } = await stage.start(user, roles['subscriber'], { onFailure: 'retry' });
    const status = app.get(EventBusStatus);
    expect(status.current).toBe('degraded');
    expect(status.reason).toMatch(/NOPERM .*Add &orders:/);
  });

  it('is, without +info, a warning of ioredis alone', async () => {
    const user = stage.userOf('subscriber');
    await stage.watch.allow(user, '+info');
    const { app } = await stage.start(user, roles['subscriber']);
    expect(app.get(EventBusStatus).current).toBe('ready');
    expect(console.warn).toHaveBeenCalledWith(expect.stringContaining('INFO'));
  });

  it('is, where key events are checked for at the start, a warning and nothing else', async () => {
    const user = stage.userOf('keyspace');
    await stage.watch.allow(user);
    const { app, log } = await stage.start(user, { handlers: [SessionHandler] });
    expect(app.get(EventBusStatus).current).toBe('ready');
    expect(log.troubles).toEqual([expect.stringMatching(/NOPERM .*Add \+config\|get to/)]);
  });

  it('is not what the check is answered with that +config|get permits', async () => {
    const user = stage.userOf('keyspace');
    await stage.watch.allow({ ...user, rules: [...user.rules, '+config|get'] });
    const { log } = await stage.start(user, { handlers: [SessionHandler] });
    expect(log.troubles).toEqual([]);
  });
});

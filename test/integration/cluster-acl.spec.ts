/** @needs-redis-7 a node of a Cluster cannot be told its bus port */
import { randomUUID } from 'node:crypto';
import {
  EventBusInspector,
  EventBusPublisher,
  OnEvent,
  OnKeyEvent,
  cloudEvents,
} from 'nestjs-redis-event-bus';
import { redisCluster } from 'nestjs-redis-event-bus';
import type { KeyEvent } from 'nestjs-redis-event-bus';
import { aclUsers } from '../support/acl.document.js';
import { eventually } from '../support/eventually.js';
import { Inbox } from '../support/inbox.js';
import { RedisCluster } from '../support/redis.cluster.js';
import type { AclRole } from './support/acl.stage.js';
import { AclStage, describeAclLines } from './support/acl.stage.js';

/** Keys with this tag are in a slot that moves, as long as the tests run. */
const MOVING = '{moving}';

let cluster: RedisCluster;

beforeAll(async () => {
  cluster = await RedisCluster.start({ replicasPerMaster: 0, args: ['--notify-keyspace-events', 'Ex'] });
  const [slot, from] = [await cluster.slotOf(MOVING), await cluster.ownerOf(MOVING)];
  const to = (await cluster.masters()).find((master) => master !== from)!;
  await to.server.cli('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id);
  await from.server.cli('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id);
}, 60_000);
afterAll(() => cluster.stopAll());

const expired = new Inbox<KeyEvent>();

class SubscribingHandlers {
  @OnEvent('orders:created')
  created(): void {}

  @OnEvent('orders:*')
  any(): void {}

  @OnEvent('orders:{1}:created', { kind: 'shard' })
  shard(): void {}

  @OnKeyEvent('expired', { key: 'session:*' })
  leave(event: KeyEvent): void {
    expired.push(event);
  }
}

class GroupHandler {
  @OnEvent('orders:*', { group: 'billing' })
  bill(): void {}
}

const roles: Readonly<Record<string, AclRole>> = {
  'cluster-publisher': {
    async act(app) {
      const publisher = app.get(EventBusPublisher);
      await publisher.publish('orders:created', {});
      await publisher.publish('orders:{1}:created', {}, { kind: 'shard' });
    },
  },
  'cluster-subscriber': {
    handlers: [SubscribingHandlers],
    options: { keyspace: { ensure: 'off' } },
    async act() {
      expired.clear();
      const keys = ['a', 'b', 'c', 'd', 'e', 'f'].map((tag) => `session:{${tag}}`);
      for (const key of keys) await (await cluster.ownerOf(key)).server.cli('SET', key, 'x', 'PX', 1);
      await expired.count(keys.length);
      expect(new Set(expired.items.map(({ node }) => node)).size).toBe(cluster.nodes.length);
    },
  },
  'cluster-group': {
    handlers: [GroupHandler],
    options: { codec: cloudEvents({ source: '/billing' }) },
    async act(app) {
      const id = `${MOVING}${randomUUID()}`;
      const event = { specversion: '1.0', id, source: '/orders', type: 'created', data: {} };
      await cluster.nodes[0]!.server.cli('PUBLISH', 'orders:created', JSON.stringify(event));
      await eventually(() => {
        const { handled, rejected } = app.get(EventBusInspector).snapshot().counters;
        expect(handled + rejected).toBe(1);
      });
    },
  },
};

const stage = new AclStage({
  place: 'cluster',
  roles,
  servers: () => cluster.nodes.map(({ server }) => server),
  transportFor: ({ name, password }) =>
    redisCluster({
      nodes: cluster.nodeUrls.map((url) => url.replace('//', `//${name}:${password}@`)),
      heartbeat: { intervalMs: 50, timeoutMs: 5_000 },
    }),
});

describe('the ACL lines of docs/security.md for a Cluster', () => {
  describeAclLines(stage);

  it('have two rules more than the line for one server, as any other has', async () => {
    const inspector = aclUsers('server').get('inspector')!;
    const user = { ...inspector, rules: [...inspector.rules, '+cluster|slots', '+cluster|info'] };
    await stage.watch.allow(user);
    await stage.watch.forget();
    const { app } = await stage.start(user);
    const asked = app.get(EventBusInspector);
    await Promise.all([
      asked.channels(),
      asked.subscriberCounts(['orders:created']),
      asked.patternCount(),
      asked.shardChannels(),
      asked.shardSubscriberCounts(['orders:{1}:created']),
    ]);
    expect(await stage.watch.denials(user)).toEqual([]);
  });

  it.each(['+cluster|slots', '+cluster|info'])('fails the start without %s, and names it', async (rule) => {
    const user = stage.userOf('cluster-publisher');
    await stage.watch.allow(user, rule);
    await expect(stage.start(user)).rejects.toThrow(`Add ${rule} to`);
  });
});

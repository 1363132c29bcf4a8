/** @needs-redis-7 a node of a Cluster cannot be told its bus port */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { Gap, KeyEvent } from 'nestjs-redis-event-bus';
import { OnGap, OnKeyEvent, redisCluster } from 'nestjs-redis-event-bus';
import { eventually } from '../support/eventually.js';
import { Inbox } from '../support/inbox.js';
import { RedisCluster } from '../support/redis.cluster.js';
import type { BusOptions, StartedApp } from '../support/started.apps.js';
import { startedApps } from '../support/started.apps.js';

const heartbeat = { intervalMs: 300, timeoutMs: 300 };
const { boot: bootOn } = startedApps(() => ({
  transport: redisCluster({ nodes: cluster.nodeUrls, heartbeat }),
}));
let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await RedisCluster.start({ args: ['--notify-keyspace-events', 'Ex$'] });
}, 60_000);
afterAll(() => cluster.stopAll());

const heard = new Inbox<KeyEvent>();
const gaps = new Inbox<Gap>();

@Injectable()
class Sessions {
  @OnKeyEvent('expired', { key: 'session:*' })
  leave(event: KeyEvent) {
    heard.push(event);
  }

  @OnGap()
  missed(gap: Gap) {
    gaps.push(gap);
  }
}

function boot(options: Partial<BusOptions> = {}): Promise<StartedApp> {
  heard.clear();
  gaps.clear();
  return bootOn(options, Sessions);
}

/** Sets keys that expire at once, each at the master of its slot. */
async function expire(keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    const owner = await cluster.ownerOf(key);
    // A master that was just added may still take the Cluster for down.
    await eventually(() => owner.server.cli('SET', key, 'x', 'PX', 1));
  }
}

const keysOf = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) => `session:${prefix}:${n}`);

describe('@OnKeyEvent on a Cluster', () => {
  it('starts without a word of trouble: what is being connected to is not missing', async () => {
    const { status, log } = await boot();
    expect(status.current).toBe('ready');
    expect(log.troubles).toEqual([]);
  });

  it('hears every key of every master once, and says which master', async () => {
    await boot();
    const keys = keysOf('all', 300);
    await expire(keys);
    const events = await heard.count(300, 20_000);
    expect(events.map(({ key }) => key).toSorted()).toEqual(keys.toSorted());
    const masters = (await cluster.masters()).map(({ server }) => `127.0.0.1:${server.port}`);
    expect(new Set(events.map(({ node }) => node))).toEqual(new Set(masters));
  });

  it('follows the keys to the new master after a failover, with a gap', async () => {
    const { status } = await boot();
    const owner = await cluster.ownerOf('session:{moved}');
    await cluster.failover(owner);
    const [gap] = await gaps.count(1, 15_000);
    expect(gap).toMatchObject({ reason: 'connection-lost', targets: ['__keyevent@0__:expired'] });
    await eventually(() => expect(status.current).toBe('ready'), { timeoutMs: 15_000 });
    await expire(['session:{moved}']);
    await heard.upTo(({ key }) => key === 'session:{moved}', 15_000);
    expect(heard.items).toHaveLength(1);
  });

  it('listens to a master that is added', async () => {
    await boot();
    const added = await cluster.addMaster();
    await gaps.count(1, 15_000);
    let key = '';
    for (let n = 0; key === ''; n += 1) {
      const owner = await cluster.ownerOf(`session:added:${n}`);
      if (owner.id === added.id) key = `session:added:${n}`;
    }
    await expire([key]);
    const events = await heard.count(1, 15_000);
    expect(events).toEqual([{ event: 'expired', key, db: 0, node: `127.0.0.1:${added.server.port}` }]);
  });

  it('names the masters whose setting lacks flags, and sets all of them when asked to', async () => {
    for (const { server } of await cluster.masters())
      await server.cli('CONFIG', 'SET', 'notify-keyspace-events', '');
    const { log } = await boot();
    const ports = (await cluster.masters()).map(({ server }) => server.port);
    const [warning = ''] = log.troubles.filter((line) =>
      line.includes('CONFIG SET notify-keyspace-events Ex'),
    );
    for (const port of ports) expect(warning).toContain(`127.0.0.1:${port}`);
    await boot({ keyspace: { ensure: 'set' } });
    await expire(keysOf('set', 30));
    await heard.count(30, 15_000);
  });
});

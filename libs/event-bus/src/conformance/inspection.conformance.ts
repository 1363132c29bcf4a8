import assert from 'node:assert/strict';
import type { ConformancePeer } from './conformance.peer.js';
import { channel, conformanceTest, pattern, shard } from './conformance.scene.js';
import type { ConformanceScene } from './conformance.scene.js';
import { eventuallyHolds } from './deadline.js';
import type { TestedCapability, TransportConformanceTest } from './transport.harness.js';

/** What the broker answers about all its subscribers. */
export const inspectionConformance: readonly TransportConformanceTest[] = [
  inspectionTest('lists the channels that have a subscriber', async (scene) => {
    const [first, second, asking] = [await scene.connect(), await scene.connect(), await scene.connect()];
    const [orders, paid, empty] = scene.names('orders', 'paid', 'empty');
    await first.subscribe(channel(orders), channel(empty), pattern(scene.name('pattern*')));
    await second.subscribe(channel(orders), channel(paid));
    await first.unsubscribe(channel(empty));
    assert.deepEqual(await listed(asking, scene.name('*')), [orders, paid]);
    assert.deepEqual(await listed(asking, scene.name('[a-o]*')), [orders]);
    assert.deepEqual(await listed(asking, scene.name('none*')), []);
    const all = await listed(asking);
    assert.ok(all.includes(orders) && all.includes(paid) && !all.includes(empty));
  }),

  inspectionTest('counts the subscribers of channels', async (scene) => {
    const [first, second, asking] = [await scene.connect(), await scene.connect(), await scene.connect()];
    const names = scene.names('none', 'one', 'two', 'was');
    const [none, one, two, was] = names;
    await first.subscribe(channel(one), channel(two), channel(was), pattern(none), pattern(scene.name('*')));
    await second.subscribe(channel(two));
    await first.unsubscribe(channel(was));
    const { counts } = await asking.inspect({ query: 'subscriberCounts', channels: names });
    assert.deepEqual(
      names.map((name) => counts?.get(name)),
      [0, 1, 2, 0],
    );
    assert.equal((await asking.inspect({ query: 'subscriberCounts', channels: [] })).counts?.size, 0);
  }),

  inspectionTest('counts a pattern once, however many subscribed to it', async (scene) => {
    const [first, second] = [await scene.connect(), await scene.connect()];
    const [shared, own] = [pattern(scene.name('a*')), pattern(scene.name('b*'))];
    // The broker may still be busy forgetting the connections of another test: then it is counted again.
    const counts = await eventuallyHolds(async () => {
      const before = await patternCount(first);
      await first.subscribe(shared, own, channel(scene.name('a')));
      await second.subscribe(shared);
      const both = await patternCount(first);
      await first.unsubscribe(shared, own);
      const one = await patternCount(first);
      await second.unsubscribe(shared);
      assert.equal(await patternCount(first), before, 'another client changed the pattern count');
      return { both: both - before, one: one - before };
    });
    scene.assertCounts([counts.both, counts.one], [2, 1]);
  }),

  inspectionTest('forgets the subscriptions of those that closed', async (scene) => {
    const [closing, asking] = [await scene.connect(), await scene.connect()];
    await closing.subscribe(channel(scene.name('orders')), pattern(scene.name('*')));
    await closing.close();
    await eventuallyHolds(async () => assert.deepEqual(await listed(asking, scene.name('*')), []));
    await eventuallyHolds(async () =>
      scene.assertCounts([await asking.send(scene.name('orders'), 'x')], [0]),
    );
  }),

  inspectionTest(
    'lists and counts shard channels apart from channels',
    async (scene) => {
      const [first, second] = [await scene.connect(), await scene.connect()];
      const [orders, paid] = scene.names('orders', 'paid');
      await first.subscribe(shard(orders), channel(paid));
      await second.subscribe(shard(orders));
      const { channels } = await first.inspect({ query: 'shardChannels', pattern: scene.name('*') });
      assert.deepEqual(channels, [orders]);
      const { counts } = await first.inspect({ query: 'shardSubscriberCounts', channels: [orders, paid] });
      assert.deepEqual([counts?.get(orders), counts?.get(paid)], [2, 0]);
      const plain = await first.inspect({ query: 'channels', pattern: scene.name('*') });
      assert.deepEqual(plain.channels, [paid]);
    },
    'shard',
  ),
];

function inspectionTest(
  name: string,
  play: (scene: ConformanceScene) => Promise<void>,
  ...alsoRequires: readonly TestedCapability[]
): TransportConformanceTest {
  return conformanceTest(name, play, 'inspection', ...alsoRequires);
}

async function listed(peer: ConformancePeer, glob?: string): Promise<string[]> {
  const { channels } = await peer.inspect({
    query: 'channels',
    ...(glob === undefined ? {} : { pattern: glob }),
  });
  return [...(channels ?? assert.fail('inspect() answers without channels'))].toSorted();
}

async function patternCount(peer: ConformancePeer): Promise<number> {
  return (
    (await peer.inspect({ query: 'patternCount' })).total ?? assert.fail('inspect() answers without a total')
  );
}

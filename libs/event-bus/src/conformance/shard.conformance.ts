import assert from 'node:assert/strict';
import { channel, numbered, pairTest, pattern, shard } from './conformance.scene.js';
import type { TransportConformanceTest } from './transport.harness.js';

/** Sharded pub/sub: SSUBSCRIBE and SPUBLISH. */
export const shardConformance: readonly TransportConformanceTest[] = [
  shardTest('delivers on shard channels, in order', async (scene, subscriber, publisher) => {
    const name = scene.name('orders');
    await subscriber.subscribe(shard(name));
    const messages = numbered(200).map((body) => ({ kind: 'shard', channel: name, body }) as const);
    assert.deepEqual(
      await publisher.sendAll(messages),
      numbered(200).map(() => 1),
    );
    const received = await subscriber.receive(name, 200);
    assert.deepEqual(subscriber.textsOn(name), numbered(200));
    assert.deepEqual(received[0]?.through, shard(name));
  }),

  shardTest('keeps shard channels and channels of the same name apart', async (scene, sharded, publisher) => {
    const plain = await scene.connect();
    const name = scene.name('orders');
    await plain.subscribe(channel(name), pattern(scene.name('*')));
    await sharded.subscribe(shard(name));
    assert.equal(await publisher.send(name, 'to the shard', 'shard'), 1);
    scene.assertCounts([await publisher.send(name, 'to the channel')], [2]);
    await scene.fence(publisher, plain);
    await scene.fence(publisher, sharded, 'shard');
    assert.deepEqual(plain.textsOn(name), ['to the channel', 'to the channel']);
    assert.deepEqual(sharded.textsOn(name), ['to the shard']);
  }),

  shardTest('takes the name of a shard channel literally', async (scene, subscriber, publisher) => {
    await subscriber.subscribe(shard(scene.name('*')));
    assert.equal(await publisher.send(scene.name('orders'), 'x', 'shard'), 0);
    assert.equal(await publisher.send(scene.name('*'), 'x', 'shard'), 1);
    await subscriber.receive(scene.name('*'));
  }),

  shardTest('subscribes to a shard channel and a channel of the same name at once', async (scene, peer) => {
    const name = scene.name('orders');
    await peer.subscribe(channel(name), shard(name));
    await peer.send(name, 'to the shard', 'shard');
    await peer.send(name, 'to the channel');
    await peer.receive(name, 2);
    assert.deepEqual(peer.deliveriesOn(name), [
      `channel ${name}: to the channel`,
      `shard ${name}: to the shard`,
    ]);
    await peer.unsubscribe(channel(name));
    assert.equal(await peer.send(name, 'again', 'shard'), 1);
    scene.assertCounts([await peer.send(name, 'unheard')], [0]);
  }),

  shardTest(
    'stops delivering a shard channel once it is unsubscribed',
    async (scene, subscriber, publisher) => {
      const name = scene.name('orders');
      await subscriber.subscribe(shard(name));
      await subscriber.unsubscribe(shard(name));
      await publisher.send(name, 'unheard', 'shard');
      await scene.fence(publisher, subscriber, 'shard');
      assert.deepEqual(subscriber.textsOn(name), []);
      for (const call of ['confirmed', 'released'] as const)
        assert.equal(subscriber.record.count(call, shard(name)), 1);
    },
  ),
];

function shardTest(name: string, play: Parameters<typeof pairTest>[1]): TransportConformanceTest {
  return pairTest(name, play, 'shard');
}

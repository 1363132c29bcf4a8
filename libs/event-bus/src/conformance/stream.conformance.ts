import assert from 'node:assert/strict';
import type { IncomingMessage } from '../transports/event.transport.js';
import { channel, conformanceTest, pairTest, messagesFor, numbered, pattern } from './conformance.scene.js';
import { ListenerRecord } from './listener.record.js';
import type { TransportConformanceTest } from './transport.harness.js';

class ThrowingListener extends ListenerRecord {
  override message(message: IncomingMessage): void {
    super.message(message);
    throw new Error('a listener that throws, which it must not');
  }
}

/** The calls of the listener, and their order. */
export const streamConformance: readonly TransportConformanceTest[] = [
  conformanceTest(
    'reports confirmations before subscribe resolves, and releases before unsubscribe resolves',
    async (scene) => {
      const subscriber = await scene.connect();
      const targets = [channel(scene.name('orders')), pattern(scene.name('*'))];
      await subscriber.subscribe(...targets);
      for (const target of targets) assert.equal(subscriber.record.count('confirmed', target), 1);
      await subscriber.unsubscribe(...targets);
      for (const target of targets) assert.equal(subscriber.record.count('released', target), 1);
    },
  ),

  conformanceTest('reports a target once, however often it is subscribed', async (scene) => {
    const subscriber = await scene.connect();
    const [target, never] = [channel(scene.name('orders')), channel(scene.name('never'))];
    await Promise.all([subscriber.subscribe(target, target), subscriber.subscribe(target)]);
    await subscriber.subscribe(target);
    assert.equal(subscriber.record.count('confirmed', target), 1);
    await Promise.all([subscriber.unsubscribe(target, target), subscriber.unsubscribe(target)]);
    await subscriber.unsubscribe(target, never);
    assert.equal(subscriber.record.count('released', target), 1);
    assert.equal(subscriber.record.count('released', never), 0);
  }),

  pairTest(
    'reports no message before the confirmation and none after the release',
    async (scene, subscriber, publisher) => {
      const target = channel(scene.name('orders'));
      let isPublishing = true;
      const publishing = (async () => {
        while (isPublishing) await publisher.sendAll(messagesFor(target.name, numbered(20)));
      })();
      try {
        for (let round = 0; round < 20; round += 1) {
          const before = subscriber.messagesOn(target.name).length;
          await subscriber.subscribe(target);
          await subscriber.receive(target.name, before + 1);
          await subscriber.unsubscribe(target);
        }
      } finally {
        isPublishing = false;
        await publishing;
      }
      await scene.fence(publisher, subscriber);
      assert.equal(subscriber.record.count('confirmed', target), 20);
      assert.equal(subscriber.record.count('released', target), 20);
      assertFramed(subscriber.record, target.name);
    },
  ),

  conformanceTest('is ready once it is connected and confirmed, and closed after close', async (scene) => {
    const subscriber = await scene.open();
    assert.equal(subscriber.transport.state.status, 'connecting');
    await Promise.all([subscriber.subscribe(channel(scene.name('orders'))), subscriber.connect()]);
    await subscriber.record.until(
      'the state ready',
      () => subscriber.record.states.at(-1)?.status === 'ready',
    );
    assert.equal(subscriber.transport.state.status, 'ready');
    await subscriber.close();
    assert.equal(subscriber.transport.state.status, 'closed');
    assert.equal(subscriber.record.states.at(-1)?.status, 'closed');
  }),

  conformanceTest('continues when a listener throws', async (scene) => {
    const thrower = await scene.connect(new ThrowingListener());
    const [subscriber, publisher] = [await scene.connect(), await scene.connect()];
    const name = scene.name('orders');
    await thrower.subscribe(channel(name), pattern(scene.name('*')));
    await subscriber.subscribe(channel(name));
    scene.assertCounts(
      await publisher.sendAll(messagesFor(name, numbered(50))),
      numbered(50).map(() => 3),
    );
    await thrower.receive(name, 100);
    await subscriber.receive(name, 50);
    assert.deepEqual(subscriber.textsOn(name), numbered(50));
    await thrower.subscribe(channel(scene.name('later')));
    scene.assertCounts([await thrower.send(scene.name('later'), 'x')], [2]);
    await thrower.receive(scene.name('later'), 2);
  }),
];

/** Asserts that every message on this channel was reported between a confirmation and the next release. */
function assertFramed(record: ListenerRecord, name: string): void {
  let isHeld = false;
  for (const call of record.calls) {
    if (call.call === 'message') {
      if (call.channel === name) assert.ok(isHeld, 'a message was reported outside confirmation and release');
    } else if ('targets' in call && call.targets.some((target) => target.name === name)) {
      assert.equal(isHeld, call.call === 'released', `${call.call} was reported twice in a row`);
      isHeld = call.call === 'confirmed';
    }
  }
}

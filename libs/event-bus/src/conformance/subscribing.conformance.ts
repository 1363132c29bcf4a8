import assert from 'node:assert/strict';
import { channel, conformanceTest, pairTest, messagesFor, numbered, pattern } from './conformance.scene.js';
import type { TransportConformanceTest } from './transport.harness.js';

/** Which subscriptions are active, and when. */
export const subscribingConformance: readonly TransportConformanceTest[] = [
  conformanceTest('answers for every target of one subscribe call', async (scene) => {
    const subscriber = await scene.connect();
    const targets = numbered(300).flatMap((n) => [channel(scene.name(n)), pattern(scene.name(`${n}:*`))]);
    await subscriber.subscribe(...targets);
  }),

  conformanceTest('answers a subscribe that was called before connect', async (scene) => {
    const [subscriber, publisher] = [await scene.open(), await scene.connect()];
    const name = scene.name('orders');
    await Promise.all([subscriber.subscribe(channel(name), pattern(scene.name('o*'))), subscriber.connect()]);
    await publisher.send(name, 'x');
    await subscriber.receive(name, 2);
  }),

  pairTest(
    'delivers one copy when the same target is subscribed twice',
    async (scene, subscriber, publisher) => {
      const name = scene.name('orders');
      await Promise.all([
        subscriber.subscribe(channel(name), channel(name)),
        subscriber.subscribe(channel(name)),
      ]);
      await subscriber.subscribe(channel(name));
      scene.assertCounts([await publisher.send(name, 'once')], [1]);
      await scene.fence(publisher, subscriber);
      assert.deepEqual(subscriber.textsOn(name), ['once']);
    },
  ),

  pairTest('stops delivering once it is unsubscribed', async (scene, subscriber, publisher) => {
    const [orders, paid] = scene.names('orders', 'paid:card');
    await subscriber.subscribe(channel(orders), pattern(scene.name('paid:*')));
    scene.assertCounts(
      await publisher.sendAll([...messagesFor(orders, ['heard']), ...messagesFor(paid, ['heard'])]),
      [1, 1],
    );
    await subscriber.receive(orders);
    await subscriber.receive(paid);
    await subscriber.unsubscribe(channel(orders), pattern(scene.name('paid:*')));
    await publisher.sendAll([...messagesFor(orders, ['unheard']), ...messagesFor(paid, ['unheard'])]);
    await scene.fence(publisher, subscriber);
    assert.deepEqual(subscriber.textsOn(orders), ['heard']);
    assert.deepEqual(subscriber.textsOn(paid), ['heard']);
  }),

  pairTest('keeps the other subscriptions when one is unsubscribed', async (scene, subscriber, publisher) => {
    const other = await scene.connect();
    const name = scene.name('orders');
    await subscriber.subscribe(channel(name), pattern(name), pattern(scene.name('*')));
    await other.subscribe(channel(name));
    await subscriber.unsubscribe(pattern(name));
    scene.assertCounts([await publisher.send(name, 'x')], [3]);
    await other.receive(name);
    await scene.fence(publisher, subscriber);
    assert.deepEqual(subscriber.deliveriesOn(name), [`channel ${name}: x`, `pattern ${scene.name('*')}: x`]);
  }),

  pairTest(
    'ignores an unsubscribe of targets that are not subscribed',
    async (scene, subscriber, publisher) => {
      const [held, gone] = scene.names('held', 'gone');
      await subscriber.subscribe(channel(held), channel(gone));
      await Promise.all([subscriber.unsubscribe(channel(gone)), subscriber.unsubscribe(channel(gone))]);
      await subscriber.unsubscribe(channel(gone), channel(gone));
      await subscriber.unsubscribe(channel(scene.name('never')), pattern(held), pattern(scene.name('*')));
      scene.assertCounts([await publisher.send(held, 'still')], [1]);
      await subscriber.receive(held);
    },
  ),

  pairTest('delivers again when it is subscribed again', async (scene, subscriber, publisher) => {
    const targets = [channel(scene.name('orders')), pattern(scene.name('ord*'))];
    for (const round of numbered(5)) {
      await subscriber.subscribe(...targets);
      scene.assertCounts([await publisher.send(scene.name('orders'), round)], [2]);
      await subscriber.receive(scene.name('orders'), 2 * (Number(round) + 1));
      await subscriber.unsubscribe(...targets);
    }
    assert.deepEqual(
      subscriber.textsOn(scene.name('orders')),
      numbered(5).flatMap((round) => [round, round]),
    );
  }),

  pairTest(
    'ends in the state that was requested last when no call is awaited',
    async (scene, subscriber, publisher) => {
      const [on, off] = scene.names('on', 'off');
      await Promise.all([
        subscriber.subscribeOutcomes([channel(on), channel(off)]),
        subscriber.unsubscribe(channel(on), channel(off)),
        subscriber.subscribeOutcomes([channel(on), channel(off)]),
        subscriber.unsubscribe(channel(off)),
      ]);
      scene.assertCounts(
        await publisher.sendAll([...messagesFor(on, ['x']), ...messagesFor(off, ['x'])]),
        [1, 0],
      );
      await scene.fence(publisher, subscriber);
      assert.deepEqual([subscriber.textsOn(on), subscriber.textsOn(off)], [['x'], []]);
    },
  ),

  conformanceTest('lists its subscriptions', async (scene) => {
    const subscriber = await scene.open();
    const targets = [channel(scene.name('orders')), pattern(scene.name('orders')), pattern(scene.name('o*'))];
    const listed = () =>
      subscriber.transport
        .subscriptions()
        .map(({ target, state }) => `${target.kind} ${target.name} ${state}`);
    const expected = (state: string) => targets.map((target) => `${target.kind} ${target.name} ${state}`);

    assert.deepEqual(listed(), []);
    const subscribed = subscriber.subscribe(...targets);
    const listedWithoutLink = listed();
    await Promise.all([subscribed, subscriber.connect()]);
    assert.deepEqual(listedWithoutLink.toSorted(), expected('wanted').toSorted());
    assert.deepEqual(listed().toSorted(), expected('active').toSorted());
    await subscriber.unsubscribe(targets[0] ?? assert.fail());
    assert.deepEqual(listed().toSorted(), expected('active').slice(1).toSorted());
    await subscriber.unsubscribe(...targets);
    assert.deepEqual(listed(), []);
  }),
];

import assert from 'node:assert/strict';
import type { IncomingMessage } from '../transports/event.transport.js';
import { channel, conformanceTest, pairTest, messagesFor, numbered, pattern } from './conformance.scene.js';
import { ListenerRecord } from './listener.record.js';
import type { TransportConformanceTest } from './transport.harness.js';

/** Which subscribers receive what, in which order, and what the publisher gets back. */
export const deliveryConformance: readonly TransportConformanceTest[] = [
  pairTest('delivers the messages of one publish call in order', async (scene, subscriber, publisher) => {
    const name = scene.name('orders');
    await subscriber.subscribe(channel(name));
    await publisher.sendAll(messagesFor(name, numbered(500)));
    await subscriber.receive(name, 500);
    assert.deepEqual(subscriber.textsOn(name), numbered(500));
  }),

  pairTest('delivers the messages of many publish calls in order', async (scene, subscriber, publisher) => {
    const name = scene.name('orders');
    await subscriber.subscribe(channel(name));
    await Promise.all(numbered(500).map((body) => publisher.send(name, body)));
    await subscriber.receive(name, 500);
    assert.deepEqual(subscriber.textsOn(name), numbered(500));
  }),

  pairTest(
    'delivers the messages of one publisher in order across channels',
    async (scene, subscriber, publisher) => {
      const names = scene.names('a', 'b', 'c');
      await subscriber.subscribe(pattern(scene.name('*')));
      await publisher.sendAll(
        numbered(300).flatMap((body, index) => messagesFor(names[index % 3] ?? assert.fail(), [body])),
      );
      await subscriber.record.until('300 messages', () => subscriber.record.messages.length >= 300);
      assert.deepEqual(
        subscriber.record.messages.map(({ body }) => body.toString()),
        numbered(300),
      );
    },
  ),

  conformanceTest('delivers what a listener publishes after the message that it received', async (scene) => {
    const answering = new (class extends ListenerRecord {
      override message(message: IncomingMessage): void {
        super.message(message);
        const text = message.body.toString();
        if (/^!{1,4}$/.test(text)) answered.push(first.send(name, `${text}!`));
      }
    })();
    const answered: Promise<number>[] = [];
    const name = scene.name('orders');
    const first = await scene.connect(answering);
    const [second, publisher] = [await scene.connect(), await scene.connect()];
    await first.subscribe(channel(name));
    await second.subscribe(channel(name));
    await publisher.send(name, '!');
    for (const subscriber of [first, second]) {
      await subscriber.receive(name, 5);
      assert.deepEqual(subscriber.textsOn(name), ['!', '!!', '!!!', '!!!!', '!!!!!']);
    }
    await Promise.all(answered);
  }),

  pairTest('delivers every message to every subscriber', async (scene, first, publisher) => {
    const second = await scene.connect();
    const name = scene.name('orders');
    await first.subscribe(channel(name));
    await second.subscribe(channel(name));
    scene.assertCounts(await publisher.sendAll(messagesFor(name, ['a', 'b'])), [2, 2]);
    for (const subscriber of [first, second]) {
      await subscriber.receive(name, 2);
      assert.deepEqual(subscriber.textsOn(name), ['a', 'b']);
    }
  }),

  conformanceTest('delivers to its publisher too', async (scene) => {
    const peer = await scene.connect();
    const name = scene.name('orders');
    await peer.subscribe(channel(name));
    scene.assertCounts([await peer.send(name, 'to myself')], [1]);
    await peer.receive(name);
    assert.deepEqual(peer.textsOn(name), ['to myself']);
  }),

  pairTest(
    'delivers every message that is published after the confirmation',
    async (scene, subscriber, publisher) => {
      for (let round = 0; round < 30; round += 1) {
        const name = scene.name(`round:${round}`);
        await subscriber.subscribe(round % 2 === 0 ? channel(name) : pattern(`${name}*`));
        await publisher.send(name, 'right after');
        await subscriber.receive(name);
      }
    },
  ),

  pairTest(
    'delivers one copy for each matching subscription, and counts them',
    async (scene, subscriber, publisher) => {
      const other = await scene.connect();
      const name = scene.name('orders:created');
      const targets = [channel(name), pattern(scene.name('orders:*')), pattern(scene.name('*'))];
      await subscriber.subscribe(...targets);
      await other.subscribe(pattern(scene.name('orders:*')));
      scene.assertCounts([await publisher.send(name, 'once')], [4]);
      assert.equal((await subscriber.receive(name, 3)).length, 3);
      assert.equal((await other.receive(name)).length, 1);
      await scene.fence(publisher, subscriber);
      assert.deepEqual(
        subscriber.deliveriesOn(name),
        targets.map((target) => `${target.kind} ${target.name}: once`).toSorted(),
      );
    },
  ),

  conformanceTest('gives every delivery a buffer of its own', async (scene) => {
    const [first, second] = [await scene.connect(), await scene.connect()];
    const name = scene.name('orders');
    await first.subscribe(channel(name), pattern(scene.name('*')));
    await second.subscribe(channel(name));
    await first.send(name, 'untouched');
    const deliveries = [...(await first.receive(name, 2)), ...(await second.receive(name))];
    for (const { body } of deliveries) {
      assert.ok(Buffer.isBuffer(body), 'a body is text although nobody takes text');
      assert.equal(body.toString(), 'untouched');
      body.fill(0);
    }
  }),

  pairTest('reports 0 for a message without subscribers', async (scene, subscriber, publisher) => {
    await subscriber.subscribe(channel(scene.name('orders')), pattern(scene.name('paid:*')));
    scene.assertCounts([await publisher.send(scene.name('shipped'), 'nobody')], [0]);
  }),

  pairTest('answers with one outcome per message, in their order', async (scene, first, publisher) => {
    const second = await scene.connect();
    const [none, one, two] = scene.names('none', 'one', 'two');
    await first.subscribe(channel(one), channel(two));
    await second.subscribe(channel(two));
    const messages = [two, none, one, one, none, two].flatMap((name) => messagesFor(name, ['x']));
    scene.assertCounts(await publisher.sendAll(messages), [2, 0, 1, 1, 0, 2]);
  }),

  conformanceTest('answers an empty list with an empty list', async (scene) => {
    const peer = await scene.connect();
    assert.deepEqual(await peer.publishOutcomes([]), []);
    assert.deepEqual(await peer.subscribeOutcomes([]), []);
    await peer.unsubscribe();
  }),
];

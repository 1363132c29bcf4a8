import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  assertCode,
  hasCode,
  channel,
  conformanceTest,
  pairTest,
  messagesFor,
  numbered,
  pattern,
} from './conformance.scene.js';
import { eventuallyHolds, within } from './deadline.js';
import { publishOutcomes } from './publish.outcomes.js';
import type { TransportConformanceTest } from './transport.harness.js';

const CLOSED = 'EVENT_BUS_CLOSED';
const NOT_CONNECTED = 'EVENT_BUS_NOT_CONNECTED';
const UNCONFIRMED = 'EVENT_BUS_PUBLISH_UNCONFIRMED';

/** Behaviour before connect and after close, and of calls that are pending at close. */
export const closingConformance: readonly TransportConformanceTest[] = [
  conformanceTest('answers a publish before connect with NotConnectedError', async (scene) => {
    const peer = await scene.open();
    const outcomes = await peer.publishOutcomes(messagesFor(scene.name('orders'), ['a', 'b']));
    assert.equal(outcomes.length, 2);
    for (const outcome of outcomes) assertCode('error' in outcome ? outcome.error : undefined, NOT_CONNECTED);
  }),

  conformanceTest('answers a publish after close with BusClosedError', async (scene) => {
    const [subscriber, peer] = [await scene.connect(), await scene.connect()];
    const name = scene.name('orders');
    await subscriber.subscribe(channel(name));
    await peer.close();
    const outcomes = await peer.publishOutcomes(messagesFor(name, ['a', 'b']));
    assert.equal(outcomes.length, 2);
    for (const outcome of outcomes) assertCode('error' in outcome ? outcome.error : undefined, CLOSED);
    await scene.fence(subscriber, subscriber);
    assert.deepEqual(subscriber.textsOn(name), []);
  }),

  conformanceTest('answers a subscribe after close with BusClosedError', async (scene) => {
    const peer = await scene.connect();
    const target = channel(scene.name('orders'));
    await peer.subscribe(target);
    await peer.close();
    const targets = [target, pattern(scene.name('*'))];
    const outcomes = await peer.subscribeOutcomes(targets);
    assert.deepEqual(
      outcomes.map((outcome) => outcome.target),
      targets,
    );
    for (const { error } of outcomes) assertCode(error, CLOSED);
    await peer.unsubscribe(target);
  }),

  conformanceTest(
    'answers a subscribe that waits for a link with BusClosedError when it is closed',
    async (scene) => {
      const peer = await scene.open();
      const target = channel(scene.name('orders'));
      const [outcomes] = await Promise.all([peer.subscribeOutcomes([target]), peer.close()]);
      assertCode(outcomes[0]?.error, CLOSED);
    },
  ),

  conformanceTest('does not connect once it is closed', async (scene) => {
    const [never, meanwhile] = [await scene.open(), await scene.open()];
    await never.close();
    await assert.rejects(never.connect(), { code: CLOSED });
    await Promise.all([assert.rejects(meanwhile.connect(), { code: CLOSED }), meanwhile.close()]);
  }),

  conformanceTest('closes twice', async (scene) => {
    const peer = await scene.connect();
    await peer.subscribe(channel(scene.name('orders')));
    await Promise.all([peer.close(), peer.close()]);
    await peer.close();
    assert.deepEqual(
      peer.record.states.filter(({ status }) => status === 'closed'),
      [peer.transport.state],
    );
  }),

  conformanceTest('settles every publish when it is closed meanwhile', async (scene) => {
    const [subscriber, peer] = [await scene.connect(), await scene.connect()];
    const name = scene.name('orders');
    await subscriber.subscribe(channel(name));
    const publish = (bodies: readonly string[]) => publishOutcomes(peer.transport, messagesFor(name, bodies));
    const before = numbered(200).map((body) => publish([body, body]));
    const closed = peer.close();
    const after = numbered(50).map((body) => publish([body]));
    const settled = within('every publish to settle', Promise.all([...before, ...after]));
    const outcomes = (await Promise.all([settled, closed]))[0].flat();
    assert.equal(outcomes.length, 450);
    let sent = 0;
    let maybeSent = 0;
    for (const outcome of outcomes) {
      if (!('error' in outcome)) sent += 1;
      else if (hasCode(outcome.error, UNCONFIRMED)) maybeSent += 1;
      else assertCode(outcome.error, CLOSED, NOT_CONNECTED);
    }
    await subscriber.receive(name, sent);
    await scene.fence(subscriber, subscriber);
    const received = subscriber.messagesOn(name).length;
    assert.ok(
      received <= sent + maybeSent,
      `${received} messages arrived, but only ${sent} to ${sent + maybeSent} were sent`,
    );
  }),

  conformanceTest('settles each message of a publish once', async (scene) => {
    const peer = await scene.open();
    const calls: number[][] = [];
    const publish = (): void => {
      const counts = [0, 0, 0];
      calls.push(counts);
      const ended = peer.transport.publish(messagesFor(scene.name('orders'), numbered(3)), (index) => {
        counts[index] = (counts[index] ?? Number.NaN) + 1;
      });
      // It may report failures only as outcomes.
      void Promise.resolve(ended).catch(() => calls.push([Number.NaN]));
    };
    publish();
    await peer.connect();
    publish();
    publish();
    await peer.send(scene.name('orders'), 'behind them');
    publish();
    await peer.close();
    publish();
    await eventuallyHolds(() =>
      assert.equal(calls.flat().includes(0), false, 'some messages are not settled'),
    );
    await nextTurn();
    assert.deepEqual(
      calls,
      calls.map(() => [1, 1, 1]),
    );
  }),

  pairTest('calls no listener after close', async (scene, peer, publisher) => {
    const witness = await scene.connect();
    const name = scene.name('orders');
    await peer.subscribe(channel(name), pattern(scene.name('*')));
    await witness.subscribe(channel(name));
    const [, callsAtClose] = await Promise.all([
      publisher.sendAll(messagesFor(name, numbered(200))),
      peer.close().then(() => peer.record.calls.length),
    ]);
    await publisher.sendAll(messagesFor(name, numbered(200)));
    await scene.fence(publisher, witness);
    assert.deepEqual(peer.record.calls.slice(callsAtClose), []);
  }),

  pairTest('does not disturb the others when it is closed', async (scene, peer, publisher) => {
    const other = await scene.connect();
    const targets = [channel(scene.name('orders')), pattern(scene.name('o*'))];
    await peer.subscribe(...targets);
    await other.subscribe(...targets);
    await peer.close();
    await publisher.send(scene.name('orders'), 'x');
    await other.receive(scene.name('orders'), 2);
  }),

  conformanceTest('leaves nothing open after close', async (scene) => {
    const before = activeResources();
    for (let round = 0; round < 5; round += 1) {
      const [subscriber, publisher] = [await scene.connect(), await scene.connect()];
      await subscriber.subscribe(channel(scene.name('orders')), pattern(scene.name('*')));
      await publisher.send(scene.name('orders'), 'x');
      await subscriber.receive(scene.name('orders'), 2);
      await Promise.all([subscriber.close(), publisher.close(), (await scene.open()).close()]);
    }
    await eventuallyHolds(() => {
      const left = [...activeResources()].filter(([type, count]) => count > (before.get(type) ?? 0));
      assert.deepEqual(left, [], 'sockets, timers or the like that were not there before');
    });
  }),
];

/** What keeps the process alive, by type. */
function activeResources(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1);
  return counts;
}

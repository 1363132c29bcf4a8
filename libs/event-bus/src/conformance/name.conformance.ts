import assert from 'node:assert/strict';
import { quote } from '../errors.js';
import { channel, conformanceTest, pairTest, messagesFor, pattern } from './conformance.scene.js';
import type { ConformanceScene } from './conformance.scene.js';
import type { TransportConformanceTest } from './transport.harness.js';

const CHANNELS = [
  '',
  'a',
  'b',
  '-',
  '^',
  ']',
  'é',
  'ab',
  'abc',
  'a:b:c',
  'a*c',
  'a?c',
  'a[c',
  String.raw`a\c`,
];

/** The channels above that each glob matches. */
const GLOBS: Readonly<Record<string, readonly string[]>> = {
  '*': CHANNELS,
  '**': CHANNELS,
  'a*': ['a', 'ab', 'abc', 'a:b:c', 'a*c', 'a?c', 'a[c', String.raw`a\c`],
  '*c': ['abc', 'a:b:c', 'a*c', 'a?c', 'a[c', String.raw`a\c`],
  'a*c': ['abc', 'a:b:c', 'a*c', 'a?c', 'a[c', String.raw`a\c`],
  'a*b*c': ['abc', 'a:b:c'],
  '*b*': ['b', 'ab', 'abc', 'a:b:c'],
  'a?c': ['abc', 'a*c', 'a?c', 'a[c', String.raw`a\c`],
  '?': ['a', 'b', '-', '^', ']'],
  '??': ['é', 'ab'],
  é: ['é'],
  '[a-b]': ['a', 'b'],
  '[^a-b]': ['-', '^', ']'],
  '[!a]': ['a'],
  '[-^]': ['-', '^'],
  [String.raw`[\]b]`]: ['b', ']'],
  [String.raw`[a\-]`]: ['a', '-'],
  'a[*?]c': ['a*c', 'a?c'],
  [String.raw`a\*c`]: ['a*c'],
  [String.raw`a\?c`]: ['a?c'],
  [String.raw`a\[c`]: ['a[c'],
  [String.raw`a\\c`]: [String.raw`a\c`],
  [String.raw`\ab\c`]: ['abc'],
};

/** Channel names are literal; globs match as in Redis. */
export const nameConformance: readonly TransportConformanceTest[] = [
  pairTest('matches globs as Redis does', async (scene, subscriber, publisher) => {
    await subscriber.subscribe(...Object.keys(GLOBS).map((glob) => pattern(scene.name(glob))));
    await publisher.sendAll(CHANNELS.flatMap((suffix) => messagesFor(scene.name(suffix), ['x'])));
    await scene.fence(publisher, subscriber);
    const start = scene.name('').length;
    for (const [glob, matching] of Object.entries(GLOBS)) {
      const delivered = subscriber.record.messages
        .filter(({ through }) => through.kind === 'pattern' && through.name === scene.name(glob))
        .map((message) => message.channel.slice(start));
      assert.deepEqual(delivered, matching, `the glob ${glob}`);
    }
  }),

  pairTest('takes the glob characters of a channel literally', async (scene, subscriber, publisher) => {
    const names = scene.names('a*', 'a?', '[ab]', String.raw`a\*`);
    await subscriber.subscribe(...names.map(channel));
    for (const suffix of ['ab', 'a', 'a*', 'a?', '[ab]', String.raw`a\*`])
      await publisher.send(scene.name(suffix), 'x');
    await scene.fence(publisher, subscriber);
    const heard = subscriber.record.messages.map((message) => message.channel).slice(0, -1);
    assert.deepEqual(heard, names);
  }),

  conformanceTest('takes channel names of several bytes per character', async (scene) => {
    await assertReachable(
      scene,
      scene.names('zamówienia:złożone', '注文:作成', 'заказ', '😀:✓', 'e\u0301 is not é'),
    );
  }),

  conformanceTest('takes channel names with spaces, quotes and line breaks', async (scene) => {
    await assertReachable(scene, scene.names('a b', '"a"', 'a\r\nb', 'a\0b', '\t', '%s', '{tag}:a'));
  }),

  // With a prefix, such a name would no longer be a property name. Messages that others send on it are ignored.
  conformanceTest('takes channel names that are properties of objects', async (scene) => {
    await assertReachable(scene, ['__proto__', 'constructor', 'toString', 'hasOwnProperty']);
  }),

  conformanceTest('takes a channel name of 10,000 bytes', async (scene) => {
    await assertReachable(scene, [scene.name('long'.repeat(2_500))]);
  }),
];

/**
 * A message on each of these channels reaches its subscription and a glob that matches only it, under its own name, until they
 * are unsubscribed. The body is unique to this test, so that others may use the names at the same time.
 */
async function assertReachable(scene: ConformanceScene, names: readonly string[]): Promise<void> {
  const [subscriber, publisher] = [await scene.connect(), await scene.connect()];
  const targets = names.flatMap((name) => [channel(name), pattern(name)]);
  await subscriber.subscribe(...targets);
  const deliveries = (name: string, body: string) =>
    subscriber.deliveriesOn(name).filter((delivery) => delivery.endsWith(`: ${body}`));
  for (const name of names) {
    const body = scene.name(name);
    await publisher.send(name, body);
    await subscriber.record.until(
      `two deliveries on ${quote(name)}`,
      () => deliveries(name, body).length >= 2,
    );
    assert.deepEqual(deliveries(name, body), [`channel ${name}: ${body}`, `pattern ${name}: ${body}`]);
  }
  await subscriber.unsubscribe(...targets);
  const late = scene.name('late');
  for (const name of names) await publisher.send(name, late);
  await scene.fence(publisher, subscriber);
  for (const name of names) assert.deepEqual(deliveries(name, late), []);
}

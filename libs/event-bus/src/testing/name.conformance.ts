import assert from 'node:assert/strict';
import { channel, conformanceTest, messagesFor, pattern } from './conformance.scene.js';
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

/** What each glob matches of the channels above. */
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

/** Channel names are taken as they are, globs as Redis reads them. */
export const nameConformance: readonly TransportConformanceTest[] = [
  conformanceTest('matches globs as Redis does', async (scene) => {
    const [subscriber, publisher] = [await scene.connect(), await scene.connect()];
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

  conformanceTest('reads the glob characters of a channel literally', async (scene) => {
    const [subscriber, publisher] = [await scene.connect(), await scene.connect()];
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

  conformanceTest('takes channel names that objects have', async (scene) => {
    await assertReachable(scene, ['__proto__', 'constructor', 'toString', 'hasOwnProperty']);
  }),

  conformanceTest('takes a channel name of 10,000 bytes', async (scene) => {
    await assertReachable(scene, [scene.name('long'.repeat(2_500))]);
  }),
];

/** A message on each of these channels reaches its subscription and a glob, under its own name. */
async function assertReachable(scene: ConformanceScene, names: readonly string[]): Promise<void> {
  const [subscriber, publisher] = [await scene.connect(), await scene.connect()];
  await subscriber.subscribe(...names.map(channel), pattern('*'));
  for (const name of names) {
    await publisher.send(name, name);
    await subscriber.receive(name, 2);
    assert.deepEqual(subscriber.deliveriesOn(name), [`channel ${name}: ${name}`, `pattern *: ${name}`]);
  }
  await subscriber.unsubscribe(...names.map(channel));
  for (const name of names) assert.equal((await subscriber.inspect(counts(name))).counts?.get(name), 0);
}

function counts(name: string) {
  return { query: 'subscriberCounts', channels: [name] } as const;
}

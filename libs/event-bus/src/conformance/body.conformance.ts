import assert from 'node:assert/strict';
import { channel, conformanceTest } from './conformance.scene.js';
import type { ConformanceScene } from './conformance.scene.js';
import type { TransportConformanceTest } from './transport.harness.js';

/** A body is bytes: nothing decodes, trims or converts it. */
export const bodyConformance: readonly TransportConformanceTest[] = [
  conformanceTest('delivers every byte value unchanged', async (scene) => {
    await assertTravels(scene, [Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))]);
  }),

  conformanceTest('delivers bytes that are not valid UTF-8', async (scene) => {
    await assertTravels(scene, [
      Buffer.from([0xff, 0xfe, 0x00, 0x80]),
      Buffer.from([0xc3]),
      Buffer.from([0xed, 0xa0, 0x80]),
      Buffer.from([0xef, 0xbb, 0xbf, 0x61]),
    ]);
  }),

  conformanceTest('delivers bodies that look like a protocol', async (scene) => {
    await assertTravels(scene, ['\r\n', '$5\r\nhello\r\n', '*1\r\n$4\r\nPING\r\n', '-ERR', '\0', '"\\n"']);
  }),

  conformanceTest('delivers an empty body', async (scene) => {
    await assertTravels(scene, ['', Buffer.alloc(0), 'not empty']);
  }),

  conformanceTest('delivers a body of 1 MiB', async (scene) => {
    const bytes = Buffer.alloc(1024 * 1024);
    for (let i = 0; i < bytes.length; i += 1) bytes[i] = (i * 31 + (i >> 8)) & 0xff;
    await assertTravels(scene, [bytes, 'small, right after it', bytes]);
  }),

  conformanceTest('sends a string as UTF-8', async (scene) => {
    await assertTravels(scene, ['zażółć ✓ 😀', 'a\u0000b', '{"id":1}']);
  }),
];

async function assertTravels(scene: ConformanceScene, bodies: readonly (Buffer | string)[]): Promise<void> {
  const [subscriber, publisher] = [await scene.connect(), await scene.connect()];
  const name = scene.name('bytes');
  await subscriber.subscribe(channel(name));
  for (const body of bodies) scene.assertCounts([await publisher.send(name, body)], [1]);
  const received = await subscriber.receive(name, bodies.length);
  bodies.forEach((body, index) => {
    const sent = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
    const got = received[index]?.body;
    assert.ok(Buffer.isBuffer(got), 'the body is a Buffer');
    assert.ok(got.equals(sent), `sent ${shown(sent)}, received ${shown(got)}`);
  });
}

function shown(bytes: Buffer): string {
  return `${bytes.length} bytes ${bytes.toString('hex', 0, 32)}${bytes.length > 32 ? '…' : ''}`;
}

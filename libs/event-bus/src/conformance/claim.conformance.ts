import assert from 'node:assert/strict';
import { conformanceTest } from './conformance.scene.js';
import type { ConformancePeer } from './conformance.peer.js';
import type { ConformanceScene } from './conformance.scene.js';
import { eventuallyHolds, within } from './deadline.js';
import type { TransportConformanceTest } from './transport.harness.js';

const LONG_MS = 60_000;

/** `claim`, which is optional for a transport: only one of several claimants gets a key. */
export const claimConformance: readonly TransportConformanceTest[] = [
  claimTest('gives a key to the first who claims it', async (scene) => {
    const [first, second] = [await scene.connect(), await scene.connect()];
    const [key, other] = scene.names('key', 'other');
    assert.equal(await claim(first, key, LONG_MS), true);
    assert.equal(await claim(second, key, LONG_MS), false);
    assert.equal(await claim(first, key, LONG_MS), false);
    assert.equal(await claim(second, other, LONG_MS), true);
  }),

  claimTest('gives a key to one of many who claim it at once', async (scene) => {
    const peers = await Promise.all(Array.from({ length: 5 }, () => scene.connect()));
    for (const round of ['a', 'b', 'c']) {
      const claims = peers.flatMap((peer) => [1, 2].map(() => claim(peer, scene.name(round), LONG_MS)));
      const won = (await Promise.all(claims)).filter(Boolean);
      assert.equal(won.length, 1);
    }
  }),

  claimTest('gives a key again when its time is over, and not before', async (scene) => {
    const [first, second] = [await scene.connect(), await scene.connect()];
    const [brief, long] = scene.names('brief', 'long');
    assert.deepEqual([await claim(first, long, LONG_MS), await claim(first, brief, 20)], [true, true]);
    await eventuallyHolds(async () => assert.equal(await claim(second, brief, LONG_MS), true));
    assert.equal(await claim(second, long, LONG_MS), false);
  }),

  claimTest('keeps a key after the transport that claimed it is closed', async (scene) => {
    const [first, second] = [await scene.connect(), await scene.connect()];
    await claim(first, scene.name('key'), LONG_MS);
    await first.close();
    assert.equal(await claim(second, scene.name('key'), LONG_MS), false);
  }),

  claimTest('rejects a claim before connect and after close', async (scene) => {
    const peer = await scene.open();
    await assert.rejects(claim(peer, scene.name('key'), LONG_MS), { code: 'EVENT_BUS_NOT_CONNECTED' });
    await peer.connect();
    await peer.close();
    await assert.rejects(claim(peer, scene.name('key'), LONG_MS), { code: 'EVENT_BUS_CLOSED' });
  }),
];

function claim({ transport }: ConformancePeer, key: string, ttlMs: number): Promise<boolean> {
  const claimed = transport.claim?.(key, ttlMs);
  assert.ok(claimed, 'the transport has no claim(): set capabilities: { claim: false }');
  return within('claim() to resolve', claimed);
}

function claimTest(name: string, play: (scene: ConformanceScene) => Promise<void>): TransportConformanceTest {
  return conformanceTest(name, play, 'claim');
}

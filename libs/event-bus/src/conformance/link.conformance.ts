import assert from 'node:assert/strict';
import type { TransportLink } from '../transports/event.transport.js';
import { conformanceTest } from './conformance.scene.js';
import type { ConformancePeer } from './conformance.peer.js';
import type { ConformanceScene } from './conformance.scene.js';
import { within } from './deadline.js';
import type { TransportConformanceTest } from './transport.harness.js';

/** `links` and `ping`, which are optional for a transport: how its connections are, and whether the broker answers. */
export const linkConformance: readonly TransportConformanceTest[] = [
  linkTest('tells of links that are up once it is connected', async (scene) => {
    const peer = await scene.open();
    assert.ok(!linksOf(peer).some(({ isUp }) => isUp));
    await peer.connect();
    const links = linksOf(peer);
    assert.ok(links.length > 0, 'links() is empty');
    for (const { role, isUp, provedAgoMs } of links) {
      assert.ok(role.length > 0, 'a link has no role');
      assert.ok(isUp, `the link of the ${role} is not up`);
      assert.ok(provedAgoMs !== undefined && provedAgoMs >= 0, `the link of the ${role} is not proved`);
    }
  }),

  linkTest('tells of no link that is up after close', async (scene) => {
    const peer = await scene.connect();
    await peer.close();
    assert.ok(!linksOf(peer).some(({ isUp }) => isUp));
  }),

  linkTest('answers a ping, but not before connect and after close', async (scene) => {
    const peer = await scene.open();
    await assert.rejects(ping(peer), { code: 'EVENT_BUS_NOT_CONNECTED' });
    await peer.connect();
    await Promise.all([ping(peer), ping(peer)]);
    await peer.close();
    await assert.rejects(ping(peer), { code: 'EVENT_BUS_CLOSED' });
  }),
];

function linksOf({ transport }: ConformancePeer): readonly TransportLink[] {
  return (
    transport.links?.() ?? assert.fail('the transport has no links(): set capabilities: { links: false }')
  );
}

function ping({ transport }: ConformancePeer): Promise<void> {
  const answer = transport.ping?.();
  assert.ok(answer, 'the transport has no ping(): set capabilities: { links: false }');
  return within('ping() to settle', answer);
}

function linkTest(name: string, play: (scene: ConformanceScene) => Promise<void>): TransportConformanceTest {
  return conformanceTest(name, play, 'links');
}

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { OutgoingMessage, SubscriptionTarget } from '../transports/event.transport.js';
import { ConformancePeer } from './conformance.peer.js';
import { within } from './deadline.js';
import { ListenerRecord } from './listener.record.js';
import type { TestedCapability, TransportConformanceTest, TransportHarness } from './transport.harness.js';

/** The scene of one conformance test: its transports, and names that no other test uses. */
export class ConformanceScene {
  private readonly id = randomUUID();
  private readonly peers: ConformancePeer[] = [];
  private fences = 0;

  constructor(private readonly harness: TransportHarness) {}

  /** A name that only this test uses, with all names of a test in one slot of a Cluster. It adds no glob characters. */
  name(suffix: string): string {
    return `conformance:{${this.id}}:${suffix}`;
  }

  names<const Suffixes extends readonly string[]>(
    ...suffixes: Suffixes
  ): { readonly [Index in keyof Suffixes]: string } {
    return suffixes.map((suffix) => this.name(suffix)) as { readonly [Index in keyof Suffixes]: string };
  }

  /** A transport that is not connected yet. */
  async open(record = new ListenerRecord()): Promise<ConformancePeer> {
    const peer = new ConformancePeer(await within('a transport', this.harness.open(record)), record);
    this.peers.push(peer);
    return peer;
  }

  async connect(record?: ListenerRecord): Promise<ConformancePeer> {
    const peer = await this.open(record);
    await peer.connect();
    return peer;
  }

  /**
   * Resolves when the subscriber has received a message that was published after all others of the publisher: a message that
   * has not arrived by then was not delivered.
   */
  async fence(
    publisher: ConformancePeer,
    subscriber: ConformancePeer,
    kind: 'channel' | 'shard' = 'channel',
  ): Promise<void> {
    this.fences += 1;
    const name = `conformance-fence:{${this.id}}:${this.fences}`;
    await subscriber.subscribe({ kind, name });
    await publisher.send(name, 'fence', kind);
    await subscriber.receive(name);
  }

  /** The number of subscriptions that should be reported, if the numbers are exact. */
  assertCounts(counts: readonly number[], expected: readonly number[]): void {
    if (this.harness.capabilities.exactCounts !== false) assert.deepEqual(counts, expected);
    else
      assert.equal(counts.filter((count) => Number.isInteger(count) && count >= 0).length, expected.length);
  }

  async closeAll(): Promise<void> {
    await Promise.all(this.peers.map((peer) => peer.close()));
  }
}

/** A test with its own scene, which closes all transports of the scene at the end. */
export function conformanceTest(
  name: string,
  play: (scene: ConformanceScene) => Promise<void>,
  ...requires: readonly TestedCapability[]
): TransportConformanceTest {
  return {
    name,
    requires,
    run: async (harness) => {
      const scene = new ConformanceScene(harness);
      try {
        await play(scene);
      } finally {
        await scene.closeAll();
      }
    },
  };
}

/** As {@link conformanceTest}, with a subscribing and a publishing transport, both connected. */
export function pairTest(
  name: string,
  play: (scene: ConformanceScene, subscriber: ConformancePeer, publisher: ConformancePeer) => Promise<void>,
  ...requires: readonly TestedCapability[]
): TransportConformanceTest {
  const connected = async (scene: ConformanceScene) =>
    play(scene, await scene.connect(), await scene.connect());
  return conformanceTest(name, connected, ...requires);
}

export function channel(name: string): SubscriptionTarget {
  return { kind: 'channel', name };
}

export function pattern(name: string): SubscriptionTarget {
  return { kind: 'pattern', name };
}

export function shard(name: string): SubscriptionTarget {
  return { kind: 'shard', name };
}

/** Messages for one channel. */
export function messagesFor(name: string, bodies: readonly (Buffer | string)[]): OutgoingMessage[] {
  return bodies.map((body) => ({ kind: 'channel', channel: name, body }));
}

/** The bodies `0`, `1`, …, which show their order. */
export function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index));
}

/** Compares codes, not classes: an error keeps its code even if two copies of the package are loaded. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(String((error as { code?: unknown } | undefined)?.code));
}

export function assertCode(error: unknown, ...codes: readonly string[]): void {
  assert.ok(
    hasCode(error, ...codes),
    `expected an error with code ${codes.join(' or ')}, got ${String(error)}`,
  );
}

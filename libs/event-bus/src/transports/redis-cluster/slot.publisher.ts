import { ChannelMemo } from '../../routing/channel.memo.js';
import { keySlot } from '../../routing/key-slot.js';
import { NotConnectedError } from '../../errors.js';
import { collect } from '../collect.js';
import type { OutgoingMessage, PublishOutcome, SettledListener } from '../event.transport.js';
import { claimKey } from '../redis/redis.claim.js';
import type { NodeAddress } from './cluster.node.js';
import type { ClusterTopology } from './cluster.topology.js';
import type { OwnerLink, OwnerLinks } from './owner.links.js';
import type { LaneMessage } from './slot.lane.js';
import { SlotLane } from './slot.lane.js';

const MAX_REDIRECTIONS = 4;

/** Commands that only the owner of a slot accepts: SPUBLISH, and the keys of claims. */
export class SlotPublisher {
  private readonly lanes = new Map<number, SlotLane>();
  /** The lanes of the channels that were published to. */
  private readonly lanesByChannel = new ChannelMemo<SlotLane>();

  constructor(
    private readonly links: OwnerLinks,
    private readonly topology: ClusterTopology,
  ) {}

  /** @param settled called once for each message: those of one slot do not wait for the owner of another */
  publish(messages: readonly OutgoingMessage[], settled: SettledListener): void {
    const lanes = new Map<SlotLane, LaneMessage[]>();
    messages.forEach((message, index) => {
      const settle = (outcome: PublishOutcome) => settled(index, outcome);
      collect(lanes, this.laneOf(message.channel), { message, settle });
    });
    // One write to each node instead of one for each slot.
    const { publishers } = this.links;
    for (const publisher of publishers) publisher.cork();
    try {
      for (const [lane, own] of lanes) lane.send(own);
    } finally {
      for (const publisher of publishers) publisher.uncork();
    }
  }

  /** @throws like EventTransport.claim */
  async claim(key: string, ttlMs: number): Promise<boolean> {
    const slot = keySlot(key);
    let asked: NodeAddress | undefined;
    for (let redirections = 0; ; redirections += 1) {
      const link = await opened(asked === undefined ? this.links.ofSlot(slot) : this.links.at(asked));
      try {
        // The node that takes over a slot only answers for it when told that it was redirected (ASKING).
        if (asked !== undefined) link.connection.redis.call('ASKING').catch(() => undefined);
        return await claimKey(link.connection, key, ttlMs);
      } catch (error) {
        const refusal = ((error as Error).cause as Error | undefined)?.message ?? '';
        if (!/^(MOVED|ASK) /.test(refusal) || redirections === MAX_REDIRECTIONS) throw error;
        asked = this.topology.addressIn(refusal, 'ASK');
        if (asked === undefined) this.learn(refusal);
      }
    }
  }

  private laneOf(channel: string): SlotLane {
    let lane = this.lanesByChannel.get(channel);
    if (lane === undefined) {
      lane = this.laneOfSlot(keySlot(channel));
      this.lanesByChannel.set(channel, lane);
    }
    return lane;
  }

  private laneOfSlot(slot: number): SlotLane {
    let lane = this.lanes.get(slot);
    if (lane === undefined) {
      lane = new SlotLane(
        () => this.links.ofSlot(slot),
        (refusal) => this.learn(refusal),
      );
      this.lanes.set(slot, lane);
    }
    return lane;
  }

  private learn(refusal: string): void {
    this.topology.learn(refusal);
    void this.topology.refresh();
  }
}

async function opened(link: OwnerLink | undefined): Promise<OwnerLink> {
  if (link === undefined) throw new NotConnectedError('no node serves the slot of this key');
  await link.opening;
  if (!link.connection.isUp) throw link.error;
  return link;
}

import type { EventEmitter } from 'node:events';
import type { SubscriptionKind, SubscriptionTarget } from '../../routing/subscription-target.js';
import type { TransportListener } from '../event.transport.js';
import type { MessageInlet } from './message.inlet.js';
import { OddReplyError } from './odd.reply.js';
import { SUBSCRIBE } from './subscription.commands.js';

/** Takes the reports about subscriptions. Must not throw, see InTurnListener. */
export type SubscriptionListener = Pick<
  TransportListener,
  'message' | 'confirmed' | 'released' | 'denied' | 'resumed'
>;

/** The part of a connection that the gate needs. */
export interface DeliverySource {
  readonly redis: Pick<EventEmitter, 'on'>;
  /** Delivers messages that the driver does not read. */
  readonly inlet: Pick<MessageInlet, 'take'> | undefined;
  /** Set when a message was delivered: the link works. */
  isProved: boolean;
}

/**
 * Decides what to deliver at the current stream position. Forwards messages of open targets, and reports when a target is
 * opened or shut.
 */
export class DeliveryGate {
  /** By the channel or glob that a delivery names, per kind, so that a message costs one look-up. */
  private readonly opened: Readonly<Record<SubscriptionKind, Map<string, SubscriptionTarget>>> = {
    channel: new Map(),
    pattern: new Map(),
    shard: new Map(),
  };
  private isOver = false;

  constructor(
    private readonly source: DeliverySource,
    private readonly listener: Pick<SubscriptionListener, 'message' | 'confirmed' | 'released'>,
  ) {
    if (source.inlet !== undefined) {
      source.inlet.take = (kind, name, channel, body, bytes, receivedAtMs) =>
        this.deliver(kind, name, channel, body, bytes, receivedAtMs);
    }
    const { redis } = source;
    redis.on('messageBuffer', (channel: Buffer, body: Buffer) => {
      this.deliverReply('channel', channel, channel, body);
    });
    redis.on('pmessageBuffer', (pattern: Buffer | string, channel: Buffer, body: Buffer) => {
      this.deliverReply('pattern', pattern, channel, body);
    });
    redis.on('smessageBuffer', (channel: Buffer, body: Buffer) => {
      this.deliverReply('shard', channel, channel, body);
    });
  }

  /** Channels, then patterns, then shard channels. */
  get targets(): readonly SubscriptionTarget[] {
    return Object.values(this.opened).flatMap((targets) => [...targets.values()]);
  }

  get isClosed(): boolean {
    return this.isOver;
  }

  isOpen({ kind, name }: SubscriptionTarget): boolean {
    return this.opened[kind].has(name);
  }

  /** From now on the broker delivers these. */
  open(targets: readonly SubscriptionTarget[]): void {
    for (const target of targets) this.opened[target.kind].set(target.name, target);
    this.listener.confirmed(targets);
  }

  /** From now on no messages of these are forwarded. Targets that are not open are ignored. */
  shut(targets: readonly SubscriptionTarget[]): void {
    const gone = targets.filter(({ kind, name }) => this.opened[kind].delete(name));
    if (gone.length > 0 && !this.isOver) this.listener.released(gone);
  }

  /** From now on nothing is forwarded or reported. */
  close(): void {
    this.isOver = true;
  }

  /** Delivers a message that the driver has read. @throws OddReplyError, which the connection handles */
  private deliverReply(kind: SubscriptionKind, name: Buffer | string, channel: Buffer, body: Buffer): void {
    if (!Buffer.isBuffer(body) || !Buffer.isBuffer(channel)) throw new OddReplyError(SUBSCRIBE[kind]);
    this.deliver(kind, name.toString(), channel.toString(), body, body.length);
  }

  private deliver(
    kind: SubscriptionKind,
    name: string,
    channel: string,
    body: Buffer | string,
    bytes: number,
    receivedAtMs?: number,
  ): void {
    if (this.isOver) return;
    const through = this.opened[kind].get(name);
    if (through === undefined) return;
    this.source.isProved = true;
    this.listener.message({ through, channel, body, bytes, receivedAtMs });
  }
}

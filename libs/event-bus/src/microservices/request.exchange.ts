import type { WritePacket } from '@nestjs/microservices';
import { BusClosedError, NotConnectedError } from '../errors.js';
import type { EventBusSettings } from '../module/event-bus.options.js';
import type { EventContext } from '../message/event-context.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import { targetKey } from '../routing/subscription-target.js';
import { BusSession } from './bus.session.js';
import { NoRespondersError, ReplyLostError } from './microservices.errors.js';
import { foreignReply, replyChannelOf } from './nest-packet.codec.js';
import { packetOf } from './packet.js';
import { PacketSender } from './packet.sender.js';
import type { ReplyCallback, Request } from './pending.request.js';
import { PendingRequest } from './pending.request.js';
import { ReplyChannels } from './reply.channels.js';

/** Its caller has unsubscribed, or got another error. Only observers get it. */
class RequestEndedError extends Error {
  constructor() {
    super('The request ended before it was sent.');
  }
}

/** Sends requests over one session, and passes each reply to its request. */
export class RequestExchange {
  readonly session: BusSession;
  readonly sender: PacketSender;
  private readonly replyChannels: ReplyChannels;
  /** By id. */
  private readonly pending = new Map<string, PendingRequest>();

  constructor(
    settings: EventBusSettings,
    private readonly connect: () => Promise<void>,
  ) {
    this.session = new BusSession(settings, (targets) => this.lost(targets));
    this.sender = new PacketSender(this.session.runtime);
    this.replyChannels = new ReplyChannels(this.session.runtime, (event) => this.received(event));
  }

  /** Pending requests, and the channels of their replies. */
  get size(): { readonly requests: number; readonly replyChannels: number } {
    return { requests: this.pending.size, replyChannels: this.replyChannels.size };
  }

  /**
   * Sends a request once its replies can arrive. The data is serialized during the call. Returns a function that ends the
   * request: the callback is then not called any more.
   */
  start(request: Request, callback: ReplyCallback): () => void {
    const pending = new PendingRequest(
      request,
      (reply) => this.answer(callback, reply),
      ({ id, replyChannel }) => {
        this.pending.delete(id);
        if (replyChannel !== undefined) this.replyChannels.release(replyChannel);
      },
    );
    this.pending.set(pending.id, pending);
    this.send(pending).catch((error: unknown) => pending.fail(error));
    return () => pending.end();
  }

  /** Fails all pending requests. */
  close(): void {
    // A callback may send a new request at once, which must not fail here.
    const waiting = [...this.pending.values()];
    for (const pending of waiting) pending.fail(new BusClosedError());
  }

  private async send(pending: PendingRequest): Promise<void> {
    const { id, request } = pending;
    const { channel, pattern, data, metadata } = request;
    pending.watchSignal();
    const headers = metadata === undefined ? {} : { metadata };
    const message = this.sender.prepare({ type: 'request', id, pattern, data, ...headers }, channel);
    try {
      await this.prepareReplies(pending);
      if (!pending.isPending) throw new RequestEndedError();
    } catch (error) {
      this.sender.discard(message, error);
      // Has no effect on a request that has ended.
      throw error;
    }
    if ((await this.sender.send(message, data)) === 0) throw new NoRespondersError(channel);
  }

  /** Resolves when replies can arrive, or when the request has ended. */
  private async prepareReplies(pending: PendingRequest): Promise<void> {
    await this.connect();
    if (!pending.isPending) return;
    if (!this.session.isLinked) throw new NotConnectedError(this.session.runtime.transport.state.reason);
    const replyChannel = this.replyChannels.acquire(replyChannelOf(pending.request.channel));
    pending.replyChannel = replyChannel;
    await replyChannel.confirmed;
    if (pending.isPending) pending.waitsOn = replyChannel.subscription;
  }

  /** An error of the reply's observer must not reach the timer, or the other requests. */
  private answer(callback: ReplyCallback, reply: WritePacket): void {
    try {
      callback(reply);
    } catch (error) {
      this.session.runtime.reporter.listenerFailed('send()', error);
    }
  }

  private received({ metadata, payload }: EventContext): void {
    const packet = packetOf(metadata);
    const reply = packet?.type === 'reply' ? packet : foreignReply(payload);
    // All clients that send requests on the channel receive all replies on it.
    if (reply !== undefined) this.pending.get(String(reply.id))?.reply(reply);
  }

  /** These subscriptions deliver nothing any more. */
  private lost(targets: readonly SubscriptionTarget[]): void {
    const keys = new Set(targets.map(targetKey));
    const waiting = [...this.pending.values()].filter(
      ({ waitsOn }) => waitsOn !== undefined && keys.has(targetKey(waitsOn)),
    );
    for (const pending of waiting) pending.fail(new ReplyLostError(pending.request.channel));
  }
}

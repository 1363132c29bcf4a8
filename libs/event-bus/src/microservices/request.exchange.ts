import { randomUUID } from 'node:crypto';
import type { WritePacket } from '@nestjs/microservices';
import { startDeadline } from '../deadline.js';
import { BusClosedError, NotConnectedError } from '../errors.js';
import type { EventBusSettings } from '../event-bus.options.js';
import { textOf } from '../foreign.js';
import type { EventContext } from '../message/event-context.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import { targetKey } from '../routing/subscription-target.js';
import { BusSession } from './bus.session.js';
import { NoRespondersError, ReplyLostError, RequestTimeoutError } from './microservices.errors.js';
import { foreignReply, replyChannelOf } from './nest-packet.codec.js';
import type { PacketHeaders, ReplyPacket } from './packet.js';
import { packetOf } from './packet.js';
import { PacketSender } from './packet.sender.js';
import type { ReplyChannel } from './reply.channels.js';
import { ReplyChannels } from './reply.channels.js';

export interface Request {
  readonly channel: string;
  /** What the channel was made of. */
  readonly pattern: unknown;
  readonly data: unknown;
  readonly metadata?: PacketHeaders | undefined;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Gets each reply. One with `err` or `isDisposed` is the last. */
export type ReplyCallback = (reply: WritePacket) => void;

interface PendingRequest {
  readonly channel: string;
  /** What it was sent to wait on; undefined as long as it was not sent. */
  waitsOn: SubscriptionTarget | undefined;
  reply(reply: ReplyPacket): void;
  fail(error: unknown): void;
}

/** Sends requests over one session, and hands each reply to the request it answers. */
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

  /** Requests that wait for a reply, and the channels on which they do. */
  get size(): { readonly requests: number; readonly replyChannels: number } {
    return { requests: this.pending.size, replyChannels: this.replyChannels.size };
  }

  /**
   * Sends a request once replies to it can arrive. The data is serialized in the call. Returns what forgets it: the
   * callback is not called any more then.
   */
  start(request: Request, callback: ReplyCallback): () => void {
    const answer: ReplyCallback = (reply) => this.answer(callback, reply);
    const { channel, timeoutMs, signal } = request;
    const id = randomUUID();
    let replyChannel: ReplyChannel | undefined;
    const isPending = () => this.pending.has(id);
    const end = () => {
      if (!this.pending.delete(id)) return;
      deadline.cancel();
      signal?.removeEventListener('abort', aborted);
      if (replyChannel !== undefined) this.replyChannels.release(replyChannel);
    };
    const fail = (error: unknown) => {
      if (!isPending()) return;
      end();
      // What is falsy would be no error to Nest's observer.
      answer({ err: error || new Error(textOf(error)) });
    };
    const aborted = () => fail(signal?.reason);
    const deadline = startDeadline(timeoutMs, () => fail(new RequestTimeoutError(channel, timeoutMs)));
    const entry: PendingRequest = {
      channel,
      waitsOn: undefined,
      fail,
      reply: ({ err, response, isDisposed }) => {
        const isLast = Boolean(isDisposed) || Boolean(err);
        if (isLast) end();
        else deadline.restart();
        answer(isLast ? { err, response, isDisposed: true } : { response });
      },
    };
    const send = async () => {
      signal?.throwIfAborted();
      signal?.addEventListener('abort', aborted, { once: true });
      const { pattern, data, metadata } = request;
      const headers = metadata === undefined ? {} : { metadata };
      const message = this.sender.prepare({ type: 'request', id, pattern, data, ...headers }, channel);
      await this.connect();
      if (!isPending()) return;
      if (!this.session.isLinked) throw new NotConnectedError(this.session.runtime.transport.state.reason);
      replyChannel = this.replyChannels.acquire(replyChannelOf(channel));
      await replyChannel.confirmed;
      if (!isPending()) return;
      entry.waitsOn = replyChannel.subscription;
      if ((await this.sender.send(message, data)) === 0) throw new NoRespondersError(channel);
    };
    this.pending.set(id, entry);
    send().catch(fail);
    return end;
  }

  /** Fails what waits. */
  close(): void {
    // Whoever is told may ask again at once; that is not in here.
    const waiting = [...this.pending.values()];
    for (const request of waiting) request.fail(new BusClosedError());
  }

  /** What an observer of the reply throws is not to reach the timer, or the other requests, that it is told from. */
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
    // Everybody who sends requests on the channel gets all replies on it.
    if (reply !== undefined) this.pending.get(String(reply.id))?.reply(reply);
  }

  /** Nothing comes through these subscriptions any more. */
  private lost(targets: readonly SubscriptionTarget[]): void {
    const keys = new Set(targets.map(targetKey));
    const waiting = [...this.pending.values()].filter(
      ({ waitsOn }) => waitsOn !== undefined && keys.has(targetKey(waitsOn)),
    );
    for (const request of waiting) request.fail(new ReplyLostError(request.channel));
  }
}

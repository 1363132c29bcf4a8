import { randomUUID } from 'node:crypto';
import type { WritePacket } from '@nestjs/microservices';
import type { RunningDeadline } from '../deadline.js';
import { startDeadline } from '../deadline.js';
import { textOf } from '../foreign.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import { RequestTimeoutError } from './microservices.errors.js';
import type { PacketHeaders, ReplyPacket } from './packet.js';
import type { ReplyChannel } from './reply.channels.js';

export interface Request {
  readonly channel: string;
  /** The pattern that the channel is derived from. */
  readonly pattern: unknown;
  readonly data: unknown;
  readonly metadata?: PacketHeaders | undefined;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Receives each reply. One with `err` or `isDisposed` is the last. */
export type ReplyCallback = (reply: WritePacket) => void;

/** A request that waits for its replies: until the last one, its timeout, or the abort of its signal. */
export class PendingRequest {
  readonly id = randomUUID();
  /** The channel of its replies, while it is in use. */
  replyChannel: ReplyChannel | undefined;
  /** The subscription of its reply channel; undefined until it is sent. */
  waitsOn: SubscriptionTarget | undefined;
  private isOver = false;
  private readonly deadline: RunningDeadline;

  constructor(
    readonly request: Request,
    private readonly answer: ReplyCallback,
    /** Called once, before the last answer. */
    private readonly ended: (pending: PendingRequest) => void,
  ) {
    const { channel, timeoutMs } = request;
    this.deadline = startDeadline(timeoutMs, () => this.fail(new RequestTimeoutError(channel, timeoutMs)));
  }

  get isPending(): boolean {
    return !this.isOver;
  }

  /**
   * From now on its signal ends it.
   * @throws the reason of a signal that is aborted already
   */
  watchSignal(): void {
    const { signal } = this.request;
    signal?.throwIfAborted();
    signal?.addEventListener('abort', this.aborted, { once: true });
  }

  reply({ err, response, isDisposed }: ReplyPacket): void {
    const isLast = Boolean(isDisposed) || Boolean(err);
    if (isLast) this.end();
    else this.deadline.restart();
    this.answer(isLast ? { err, response, isDisposed: true } : { response });
  }

  fail(error: unknown): void {
    if (this.isOver) return;
    this.end();
    // Nest's observer ignores a falsy error.
    this.answer({ err: error || new Error(textOf(error)) });
  }

  /** No more replies are needed. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.deadline.cancel();
    this.request.signal?.removeEventListener('abort', this.aborted);
    this.ended(this);
  }

  private readonly aborted = (): void => this.fail(this.request.signal?.reason);
}

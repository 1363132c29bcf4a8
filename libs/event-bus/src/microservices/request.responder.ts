import { RpcException } from '@nestjs/microservices';
import type { WritePacket } from '@nestjs/microservices';
import type { Observable, Subscription } from 'rxjs';
import { Subject, from, isObservable, mergeMap, of, takeUntil, throwError } from 'rxjs';
import { PayloadEncodeError, PayloadTooLargeError } from '../errors.js';
import { describeThrown, isA, isError } from '../foreign.js';
import { MESSAGES } from '../handlers/nest.internals.js';
import type { MicroserviceContext } from './microservice.context.js';
import { replyChannelOf } from './nest-packet.codec.js';
import type { PacketSender } from './packet.sender.js';

/** Nest's reply when a handler threw anything but an RpcException: the reason stays on the server. */
export const INTERNAL_ERROR = { status: 'error', message: MESSAGES.UNKNOWN_EXCEPTION_MESSAGE };
const SHUTTING_DOWN = { status: 'error', message: 'The microservice is shutting down.' };

/** `Server.send` of Nest: passes on one packet per value, and `isDisposed` with or after the last. */
export type StreamReplies = (
  values: Observable<unknown>,
  respond: (packet: WritePacket) => Promise<void>,
) => Subscription;

/** Publishes the results of requests to `<channel>.reply`, with Nest's protocol. */
export class RequestResponder {
  private readonly abandoned = new Subject<never>();

  constructor(
    private readonly sender: PacketSender,
    private readonly stream: StreamReplies,
  ) {}

  /**
   * Replies with every value that the handler returns. Resolves when the last reply is sent; rejects with errors that the
   * client does not see: a handler failure that no filter handled, or a reply that could not be sent.
   */
  answer(context: MicroserviceContext, id: string | number, call: () => unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      let failure: { readonly error: unknown } | undefined;
      let isOver = false;
      const result = (async () => call())().catch((error: unknown) => {
        failure = { error };
        return throwError(() => INTERNAL_ERROR);
      });
      const values = from(result).pipe(
        mergeMap((value) => (isObservable(value) ? value : of(value))),
        takeUntil(this.abandoned),
      );
      const replies = this.stream(values, async (packet) => {
        if (isOver) return;
        try {
          await this.reply(context, id, packet);
        } catch (error) {
          failure = { error };
          isOver = true;
          // No more replies can be sent: stops the handler's stream.
          replies.unsubscribe();
        }
        if (packet.isDisposed === true) isOver = true;
        if (!isOver) return;
        if (failure === undefined) resolve();
        else reject(failure.error);
      });
    });
  }

  /** Replies without calling a handler. */
  async send(context: MicroserviceContext, id: string | number, packet: WritePacket): Promise<void> {
    const channel = replyChannelOf(context.channel);
    await this.sender.send(this.sender.prepare({ ...packet, type: 'reply', id }, channel), packet.response);
  }

  /** Ends all running requests with an error, so that clients need not wait for their timeouts. */
  abandon(): void {
    this.abandoned.error(SHUTTING_DOWN);
  }

  private async reply(context: MicroserviceContext, id: string | number, packet: WritePacket): Promise<void> {
    const { err, response, isDisposed } = packet;
    const disposed = isDisposed === true ? { isDisposed } : {};
    // Without a field that only replies have, subscribers with a glob would take a bare id for foreign JSON.
    const value = response === undefined ? { isDisposed: false } : { response };
    try {
      const reply = 'err' in packet ? { err: remoteErrorOf(err) } : value;
      return await this.send(context, id, { ...reply, ...disposed });
    } catch (error) {
      if (error instanceof PayloadEncodeError || error instanceof PayloadTooLargeError)
        await this.send(context, id, { err: INTERNAL_ERROR, isDisposed: true });
      throw error;
    }
  }
}

function remoteErrorOf(err: unknown): unknown {
  try {
    return toRemoteError(err);
  } catch {
    return INTERNAL_ERROR;
  }
}

/** As Nest's own filter serializes an RpcException; an Error itself would arrive as `{}`. */
function toRemoteError(err: unknown): unknown {
  if (isA(err, RpcException)) {
    const error = err.getError();
    return typeof error === 'object' ? error : { status: 'error', message: error };
  }
  if (isError(err)) return { status: 'error', message: describeThrown(err).message };
  return err || INTERNAL_ERROR;
}

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

/** What Nest replies when a handler threw anything but an RpcException: the reason stays on the server. */
export const INTERNAL_ERROR = { status: 'error', message: MESSAGES.UNKNOWN_EXCEPTION_MESSAGE };
const SHUTTING_DOWN = { status: 'error', message: 'The microservice is shutting down.' };

/** `Server.send` of Nest: hands over one packet for each value, and `isDisposed` with or after the last. */
export type StreamReplies = (
  values: Observable<unknown>,
  respond: (packet: WritePacket) => Promise<void>,
) => Subscription;

/** Sends what comes of requests to `<channel>.reply`, with the protocol of Nest. */
export class RequestResponder {
  private readonly abandoned = new Subject<never>();

  constructor(
    private readonly sender: PacketSender,
    private readonly stream: StreamReplies,
  ) {}

  /**
   * Replies with every value of what the handler returns. Resolves when the last reply is out; rejects with what the
   * client is not told: why the handler failed beside all filters, or why a reply could not be sent.
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
          // Nobody can be told any more: what would come is not asked for.
          replies.unsubscribe();
        }
        if (packet.isDisposed === true) isOver = true;
        if (!isOver) return;
        if (failure === undefined) resolve();
        else reject(failure.error);
      });
    });
  }

  /** Replies without having asked a handler. */
  async send(context: MicroserviceContext, id: string | number, packet: WritePacket): Promise<void> {
    const channel = replyChannelOf(context.channel);
    await this.sender.send(this.sender.prepare({ ...packet, type: 'reply', id }, channel), packet.response);
  }

  /** Ends all that is being answered with an error: the clients need not wait for their timeouts. */
  abandon(): void {
    this.abandoned.error(SHUTTING_DOWN);
  }

  private async reply(context: MicroserviceContext, id: string | number, packet: WritePacket): Promise<void> {
    const { err, response, isDisposed } = packet;
    const disposed = isDisposed === true ? { isDisposed } : {};
    // Without a field that only replies have, an id alone would be foreign JSON to those who listen with a glob.
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

/** As Nest's own filter makes it of an RpcException; an Error itself would arrive as `{}`. */
function toRemoteError(err: unknown): unknown {
  if (isA(err, RpcException)) {
    const error = err.getError();
    return typeof error === 'object' ? error : { status: 'error', message: error };
  }
  if (isError(err)) return { status: 'error', message: describeThrown(err).message };
  return err || INTERNAL_ERROR;
}

import type { Redis } from 'ioredis';
import {
  NotConnectedError,
  PublishBufferFullError,
  PublishRefusedError,
  PublishUnconfirmedError,
} from '../../errors.js';
import { bodyOf } from '../event.transport.js';
import type {
  MessageBody,
  OutgoingMessage,
  PublishBatching,
  PublishOutcome,
  SettledListener,
} from '../event.transport.js';
import { DeliveryEstimate } from './delivery.estimate.js';
import { countIn } from './odd.reply.js';
import { PublishScript, scriptProblemIn } from './publish.script.js';
import type { RedisConnection } from './redis.connection.js';
import {
  explainRefusal,
  isInsideScript,
  isNotSent,
  isReplyError,
  isScriptUnstarted,
  replyError,
} from './redis.errors.js';
import { MAX_HELD_MESSAGES, ScriptFlight } from './script.flight.js';
import { ScriptPermit, subjectOf } from './script.permit.js';

/**
 * So much may wait in the socket of a server that does not read: memory stays bounded until the heartbeat ends the
 * link. A burst that a healthy server has not read yet counts as well.
 */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024;

type Settle = (outcome: PublishOutcome) => void;

/** Sends messages in the order given: PUBLISH and SPUBLISH, or EVAL for several at once. */
export class RedisPublisher {
  private readonly estimate = new DeliveryEstimate();
  private readonly flight = new ScriptFlight();
  private permit = new ScriptPermit();
  /** Whose permit it is. */
  private stream: Redis['stream'] | undefined;
  private isAwaitingDrain = false;

  constructor(
    private readonly connection: RedisConnection,
    /** Called when the socket has sent what it refused more for. */
    private readonly sendable: () => void,
  ) {}

  get batching(): PublishBatching {
    return this.permit.batching;
  }

  /** @param settled is called once for each message, also before this returns. */
  publish(messages: readonly OutgoingMessage[], settled: SettledListener): void {
    const { isIdle, isHolding } = this.flight;
    if (isHolding) this.hold(messages, settled);
    else if (messages.length > 1 || !isIdle) this.sendSeveral(messages, settled);
    else messages.forEach((message, index) => this.send(message, (outcome) => settled(index, outcome)));
  }

  private hold(messages: readonly OutgoingMessage[], settled: SettledListener): void {
    const send = () => this.publish(messages, settled);
    if (this.flight.hold({ messageCount: messages.length, send })) return;
    messages.forEach((_message, index) =>
      settled(index, { error: new PublishBufferFullError(`${MAX_HELD_MESSAGES} events`) }),
    );
  }

  private sendSeveral(messages: readonly OutgoingMessage[], settled: SettledListener): void {
    if (!this.connection.isWritable) {
      messages.forEach((message, index) => this.send(message, (outcome) => settled(index, outcome)));
      return;
    }
    const { stream } = this.connection;
    if (stream !== this.stream) {
      this.stream = stream;
      this.permit = new ScriptPermit();
    }
    // One write to the socket instead of one for each.
    stream.cork();
    try {
      if (messages.length > 1 && !this.permit.covers(messages)) this.askFor(messages);
      this.sendInOrder(messages, settled);
    } finally {
      stream.uncork();
    }
  }

  /**
   * Asks whether these could have gone as a script. Not at connect: where the answer is no, it stands in the ACL log, also of
   * services that never publish two at once.
   */
  private askFor(messages: readonly OutgoingMessage[]): void {
    const { permit } = this;
    const unasked = permit.unasked(messages);
    for (const subjects of [unasked.filter((name) => name === ''), unasked.filter((name) => name !== '')]) {
      const keys = subjects.filter((name) => name !== '');
      if (subjects.length === 0) continue;
      this.connection.call('eval', ['return 1', String(keys.length), ...keys]).then(
        (answer) => {
          if (countIn(answer) === 1) return permit.granted(subjects);
          permit.forget(subjects);
          this.connection.distrust('eval');
        },
        (error: unknown) => refuse(permit, subjects, error),
      );
    }
  }

  /** As scripts, as far as they are permitted. */
  private sendInOrder(messages: readonly OutgoingMessage[], settled: SettledListener): void {
    let script: PublishScript | undefined;
    const leave = () => {
      if (script !== undefined) this.run(script, settled);
      script = undefined;
    };
    messages.forEach((message, index) => {
      const body = this.take(message);
      if (typeof body === 'object' && 'error' in body) return settled(index, body);
      if (!this.permit.allows(message)) {
        leave();
        return this.write(message, body, (outcome) => settled(index, outcome));
      }
      const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
      const deliveries = this.estimate.of(message.channel);
      if (script?.hasRoomFor(message, bytes, deliveries) === false) leave();
      script ??= new PublishScript(message.kind);
      script.add(index, message, body, bytes, deliveries);
    });
    leave();
  }

  private run(script: PublishScript, settled: SettledListener): void {
    const { permit } = this;
    const { messages, bodies, indices } = script;
    const settle = (position: number, outcome: PublishOutcome) =>
      settled(indices[position] as number, outcome);
    // Behind a script that may be refused, one alone is a script too: it is refused as well then.
    if (messages.length === 1 && this.flight.isIdle) {
      this.write(messages[0] as OutgoingMessage, bodies[0] as MessageBody, (outcome) => settle(0, outcome));
      return;
    }
    const { flight } = this;
    const place = flight.depart();
    const settleAll = (error: unknown) =>
      messages.forEach(({ channel }, position) => settle(position, this.failureOf(error, channel)));
    const refused = (error: Error) => {
      permit.refused(messages.map(subjectOf), error.message);
      flight.refused({
        place,
        sendAgain: () => this.sendApart(script, settle),
        giveUp: () => settleAll(error),
      });
    };
    this.connection.call('eval', script.toArguments()).then(
      (answer) => {
        const replies = script.read(answer);
        if (replies === undefined) {
          flight.executed(place);
          return settleAll(this.connection.distrust('eval'));
        }
        const refusal = scriptProblemIn(replies);
        if (refusal !== undefined) return refused(refusalOf(refusal, bodies));
        flight.executed(place);
        replies.forEach((reply, position) => {
          const { channel } = messages[position] as OutgoingMessage;
          if ('count' in reply) settle(position, this.accepted(channel, reply.count));
          else settle(position, this.failureOf(refusalOf(reply.refusal, [bodies[position]]), channel));
        });
      },
      (error: unknown) => {
        if (isScriptUnstarted(error)) return refused(error);
        refuse(permit, messages.map(subjectOf), error);
        if (isMoved(error)) flight.turnedDown();
        else flight.executed(place);
        settleAll(error);
      },
    );
  }

  /** What cannot go as a script: each by itself. */
  private sendApart({ messages, bodies }: PublishScript, settle: SettledListener): void {
    const { stream } = this.connection;
    stream.cork();
    messages.forEach((message, position) => {
      const hindrance = this.hindrance();
      if (hindrance !== undefined) settle(position, { error: hindrance });
      else this.write(message, bodies[position] as MessageBody, (outcome) => settle(position, outcome));
    });
    stream.uncork();
  }

  private send(message: OutgoingMessage, settle: Settle): void {
    const body = this.take(message);
    if (typeof body === 'object' && 'error' in body) settle(body);
    else this.write(message, body, settle);
  }

  private write(message: OutgoingMessage, body: MessageBody, settle: Settle): void {
    if (this.flight.isIdle) this.writeAlone(message, body, settle);
    else this.writeBehindScript(message, body, settle);
  }

  private writeBehindScript(message: OutgoingMessage, body: MessageBody, settle: Settle): void {
    const place = this.flight.depart();
    this.writeAlone(message, body, (outcome) => {
      if ('error' in outcome && outcome.error instanceof PublishRefusedError) this.flight.turnedDown();
      else this.flight.executed(place);
      settle(outcome);
    });
  }

  private writeAlone({ kind, channel }: OutgoingMessage, body: MessageBody, settle: Settle): void {
    const { redis } = this.connection;
    const answer = kind === 'shard' ? redis.spublish(channel, body) : redis.publish(channel, body);
    answer.then(
      (reply: unknown) => {
        const count = countIn(reply);
        if (count !== undefined) settle(this.accepted(channel, count));
        else settle(this.failureOf(this.connection.distrust('publish'), channel));
      },
      (error: unknown) => settle(this.failureOf(error, channel)),
    );
  }

  private failureOf(error: unknown, channel: string): PublishOutcome {
    if (isNotSent(error)) return { error: new NotConnectedError() };
    const cause = this.connection.causeOf(error);
    if (!isReplyError(cause) || isInsideScript(cause)) {
      return { error: new PublishUnconfirmedError(channel, { cause }) };
    }
    return { error: new PublishRefusedError(channel, { cause, reason: explainRefusal(cause, channel) }) };
  }

  private accepted(channel: string, count: number): PublishOutcome {
    this.connection.prove();
    this.estimate.saw(channel, count);
    return { subscriptions: count };
  }

  /** The bytes of a message, or why there is no use in making them. */
  private take(message: OutgoingMessage): MessageBody | { readonly error: Error } {
    const hindrance = this.hindrance();
    if (hindrance !== undefined) return { error: hindrance };
    try {
      return bodyOf(message);
    } catch (error) {
      return { error: error as Error };
    }
  }

  /** Why nothing can be written right now: asked before the body is made. */
  private hindrance(): NotConnectedError | PublishBufferFullError | undefined {
    if (!this.connection.isWritable) return new NotConnectedError();
    if (this.connection.stream.writableLength <= MAX_UNSENT_BYTES) return undefined;
    this.awaitDrain();
    return new PublishBufferFullError('64 MiB');
  }

  private awaitDrain(): void {
    if (this.isAwaitingDrain) return;
    this.isAwaitingDrain = true;
    const { stream } = this.connection;
    const settled = () => {
      stream.off('drain', settled).off('close', settled);
      this.isAwaitingDrain = false;
      if (this.connection.isWritable) this.sendable();
    };
    stream.on('drain', settled).on('close', settled);
  }
}

/** The slot is another node's: whatever follows is refused as well. */
function isMoved(error: unknown): boolean {
  return isReplyError(error) && error.message.startsWith('MOVED ');
}

/** A script was not run, or nobody knows. */
function refuse(permit: ScriptPermit, subjects: readonly string[], error: unknown): void {
  if (!isReplyError(error)) permit.forget(subjects);
  else if (!isInsideScript(error)) permit.refused(subjects, error.message);
}

/** With what must not be in its text. */
function refusalOf(refusal: string, bodies: readonly unknown[]): Error {
  return replyError(refusal, { name: 'publish', args: ['', ...bodies] });
}

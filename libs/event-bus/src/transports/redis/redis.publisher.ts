import { PublishBufferFullError, PublishRefusedError } from '../../errors.js';
import type {
  MessageBody,
  OutgoingMessage,
  PublishBatching,
  PublishOutcome,
  SettledListener,
} from '../event.transport.js';
import { settleAll } from '../settled.messages.js';
import { countIn } from './odd.reply.js';
import { PublishScript, scriptProblemIn } from './publish.script.js';
import type { ScriptReply } from './publish.script.js';
import { PublishWriter } from './publish.writer.js';
import type { PublishLink, PublishStream, Settle } from './publish.writer.js';
import { isInsideScript, isReplyError, isScriptUnstarted, replyError } from './redis.errors.js';
import { MAX_HELD_MESSAGES, ScriptFlight } from './script.flight.js';
import { ScriptPermit, subjectOf } from './script.permit.js';

/** Sends messages in the order given: PUBLISH and SPUBLISH, or EVAL for several at once. */
export class RedisPublisher {
  private readonly writer: PublishWriter;
  private readonly flight = new ScriptFlight();
  private permit = new ScriptPermit();
  /** Whose permit it is. */
  private stream: PublishStream | undefined;

  constructor(
    private readonly link: PublishLink,
    /** Called when the socket has sent what it refused more for. */
    writable: () => void,
  ) {
    this.writer = new PublishWriter(link, writable);
  }

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
    settleAll(messages, settled, () => new PublishBufferFullError(`${MAX_HELD_MESSAGES} events`));
  }

  private sendSeveral(messages: readonly OutgoingMessage[], settled: SettledListener): void {
    if (!this.link.isWritable) {
      messages.forEach((message, index) => this.send(message, (outcome) => settled(index, outcome)));
      return;
    }
    const { stream } = this.link;
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
      this.link.call('eval', ['return 1', String(keys.length), ...keys]).then(
        (answer) => {
          if (countIn(answer) === 1) return permit.granted(subjects);
          permit.forget(subjects);
          this.link.distrust('eval');
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
      const body = this.writer.take(message);
      if (typeof body === 'object' && 'error' in body) return settled(index, body);
      if (!this.permit.allows(message)) {
        leave();
        return this.write(message, body, (outcome) => settled(index, outcome));
      }
      const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
      const deliveries = this.writer.deliveriesOf(message.channel);
      if (script?.hasRoomFor(message, bytes, deliveries) === false) leave();
      script ??= new PublishScript(message.kind);
      script.add(index, message, body, bytes, deliveries);
    });
    leave();
  }

  private run(script: PublishScript, settled: SettledListener): void {
    const { messages, bodies, indices } = script;
    const settle: SettledListener = (position, outcome) => settled(indices[position] as number, outcome);
    // Behind a script that may be refused, one alone is a script too: it is refused as well then.
    if (messages.length === 1 && this.flight.isIdle) {
      const [message, body] = [messages[0] as OutgoingMessage, bodies[0] as MessageBody];
      this.writer.write(message, body, (outcome) => settle(0, outcome));
      return;
    }
    const sent: SentScript = { script, permit: this.permit, place: this.flight.depart(), settle };
    this.link.call('eval', script.toArguments()).then(
      (answer) => this.answered(sent, script.read(answer)),
      (error: unknown) => this.failed(sent, error),
    );
  }

  /** @param replies undefined where the answer is none to this script */
  private answered(sent: SentScript, replies: readonly ScriptReply[] | undefined): void {
    const { messages, bodies } = sent.script;
    if (replies === undefined) {
      this.flight.executed(sent.place);
      return this.settleAll(sent, this.link.distrust('eval'));
    }
    const problem = scriptProblemIn(replies);
    if (problem !== undefined) return this.refused(sent, refusalOf(problem, bodies));
    this.flight.executed(sent.place);
    replies.forEach((reply, position) => {
      const { channel } = messages[position] as OutgoingMessage;
      if ('count' in reply) sent.settle(position, this.writer.accepted(channel, reply.count));
      else sent.settle(position, this.writer.failed(channel, refusalOf(reply.refusal, [bodies[position]])));
    });
  }

  private failed(sent: SentScript, error: unknown): void {
    if (isScriptUnstarted(error)) return this.refused(sent, error);
    refuse(sent.permit, sent.script.messages.map(subjectOf), error);
    if (isMoved(error)) this.flight.turnedDown();
    else this.flight.executed(sent.place);
    this.settleAll(sent, error);
  }

  /** Nothing of it was executed: it goes in another way, unless something behind it was. */
  private refused(sent: SentScript, error: Error): void {
    sent.permit.refused(sent.script.messages.map(subjectOf), error.message);
    this.flight.refused({
      place: sent.place,
      sendAgain: () => this.sendApart(sent),
      giveUp: () => this.settleAll(sent, error),
    });
  }

  private settleAll({ script, settle }: SentScript, error: unknown): void {
    script.messages.forEach(({ channel }, position) => settle(position, this.writer.failed(channel, error)));
  }

  /** What cannot go as a script: each by itself. */
  private sendApart({ script: { messages, bodies }, settle }: SentScript): void {
    const { stream } = this.link;
    stream.cork();
    messages.forEach((message, position) => {
      const hindrance = this.writer.hindrance();
      if (hindrance !== undefined) settle(position, { error: hindrance });
      else this.write(message, bodies[position] as MessageBody, (outcome) => settle(position, outcome));
    });
    stream.uncork();
  }

  private send(message: OutgoingMessage, settle: Settle): void {
    const body = this.writer.take(message);
    if (typeof body === 'object' && 'error' in body) settle(body);
    else this.write(message, body, settle);
  }

  private write(message: OutgoingMessage, body: MessageBody, settle: Settle): void {
    if (this.flight.isIdle) this.writer.write(message, body, settle);
    else this.writeBehindScript(message, body, settle);
  }

  private writeBehindScript(message: OutgoingMessage, body: MessageBody, settle: Settle): void {
    const place = this.flight.depart();
    this.writer.write(message, body, (outcome: PublishOutcome) => {
      if ('error' in outcome && outcome.error instanceof PublishRefusedError) this.flight.turnedDown();
      else this.flight.executed(place);
      settle(outcome);
    });
  }
}

interface SentScript {
  readonly script: PublishScript;
  /** Of the link that it was sent on. */
  readonly permit: ScriptPermit;
  readonly place: number;
  /** By the position in the script. */
  readonly settle: SettledListener;
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

import { PublishBufferFullError, PublishRefusedError } from '../../errors.js';
import type {
  MessageBody,
  OutgoingMessage,
  PublishBatching,
  PublishOutcome,
  SettledListener,
} from '../event.transport.js';
import { settleAll } from '../settled.messages.js';
import { corked } from './corked.js';
import { countIn } from './odd.reply.js';
import type { PublishAnswers } from './publish.answers.js';
import { PublishScript, scriptProblemIn } from './publish.script.js';
import type { ScriptReply } from './publish.script.js';
import { isInsideScript, isReplyError, isScriptUnstarted, replyError } from './redis.errors.js';
import type { PublishLink, PublishSocket, RedisPublisher } from './redis.publisher.js';
import { MAX_HELD_MESSAGES } from './script.flight.js';
import type { ScriptFlight } from './script.flight.js';
import { ScriptPermit, subjectOf } from './script.permit.js';

/**
 * The fewest messages that are worth a script. It saves this process a command for each, and costs the server more than a
 * pipeline does: with eight both come to the same (docs/decisions/0009).
 */
export const MIN_SCRIPT_MESSAGES = 8;

/**
 * Sends several messages at once, and those that follow, in one write to the socket: many as scripts (EVAL) if the server
 * permits, few one by one.
 */
export class ScriptSender {
  private permit = new ScriptPermit();
  /** The link that the permit belongs to. */
  private socket: PublishSocket | undefined;

  constructor(
    private readonly link: Pick<PublishLink, 'socket' | 'call' | 'distrust'>,
    /** Writes one message as one command. */
    private readonly single: Pick<RedisPublisher, 'send' | 'take' | 'hindrance' | 'write'>,
    private readonly answers: PublishAnswers,
    private readonly flight: ScriptFlight,
  ) {}

  get batching(): PublishBatching {
    return this.permit.batching;
  }

  send(messages: readonly OutgoingMessage[], settled: SettledListener): void {
    const { socket } = this.link;
    if (this.flight.isHolding) this.hold(messages, settled);
    else if (socket?.writable === true) this.sendCorked(socket, messages, settled);
    else messages.forEach((message, index) => this.single.send(message, index, settled));
  }

  private hold(messages: readonly OutgoingMessage[], settled: SettledListener): void {
    const send = () => this.send(messages, settled);
    if (this.flight.hold({ messageCount: messages.length, send })) return;
    settleAll(messages, settled, () => new PublishBufferFullError(`${MAX_HELD_MESSAGES} events`));
  }

  private sendCorked(
    socket: PublishSocket,
    messages: readonly OutgoingMessage[],
    settled: SettledListener,
  ): void {
    if (socket !== this.socket) {
      this.socket = socket;
      this.permit = new ScriptPermit();
    }
    // One write to the socket instead of one for each.
    corked([socket], () => {
      if (messages.length >= MIN_SCRIPT_MESSAGES && !this.permit.covers(messages)) this.askFor(messages);
      this.sendInOrder(messages, settled);
    });
  }

  /**
   * Checks whether these could have been sent as a script. Not at connect: a refusal is recorded in the ACL log, even for
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

  /** As scripts, if they are permitted. */
  private sendInOrder(messages: readonly OutgoingMessage[], settled: SettledListener): void {
    let script: PublishScript | undefined;
    const leave = () => {
      if (script !== undefined) this.run(script, settled);
      script = undefined;
    };
    messages.forEach((message, index) => {
      const body = this.single.take(message);
      if (typeof body === 'object' && 'error' in body) return settled(index, body);
      if (!this.permit.allows(message)) {
        leave();
        return this.write(message, body, index, settled);
      }
      const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
      const deliveries = this.answers.deliveriesOf(message.channel);
      if (script?.hasRoomFor(message, bytes, deliveries) === false) leave();
      script ??= new PublishScript(message.kind);
      script.add(index, message, body, bytes, deliveries);
    });
    leave();
  }

  private run(script: PublishScript, settled: SettledListener): void {
    const { messages, bodies, indices } = script;
    // After a script that may be refused, even a single message is a script: it is then refused as well.
    if (messages.length < MIN_SCRIPT_MESSAGES && this.flight.pending === 0) {
      messages.forEach((message, position) =>
        this.single.write(message, bodies[position] as MessageBody, indices[position] as number, settled),
      );
      return;
    }
    const settle: SettledListener = (position, outcome) => settled(indices[position] as number, outcome);
    const sent: SentScript = { script, permit: this.permit, place: this.flight.depart(), settle };
    this.link.call('eval', script.toArguments()).then(
      (answer) => this.answered(sent, script.read(answer)),
      (error: unknown) => this.failed(sent, error),
    );
  }

  /** @param replies undefined if the answer is not valid for this script */
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
      if ('count' in reply) sent.settle(position, this.answers.accepted(channel, reply.count));
      else sent.settle(position, this.answers.failed(channel, refusalOf(reply.refusal, [bodies[position]])));
    });
  }

  private failed(sent: SentScript, error: unknown): void {
    if (isScriptUnstarted(error)) return this.refused(sent, error);
    refuse(sent.permit, sent.script.messages.map(subjectOf), error);
    if (isMoved(error)) this.flight.turnedDown();
    else this.flight.executed(sent.place);
    this.settleAll(sent, error);
  }

  /** Nothing of it was executed: it is sent in another way, unless something after it was executed. */
  private refused(sent: SentScript, error: Error): void {
    sent.permit.refused(sent.script.messages.map(subjectOf), error.message);
    this.flight.refused({
      place: sent.place,
      sendAgain: () => this.sendApart(sent),
      giveUp: () => this.settleAll(sent, error),
    });
  }

  private settleAll({ script, settle }: SentScript, error: unknown): void {
    script.messages.forEach(({ channel }, position) => settle(position, this.answers.failed(channel, error)));
  }

  /** Messages that cannot be sent as a script: each separately. */
  private sendApart({ script: { messages, bodies }, settle }: SentScript): void {
    corked([this.link.socket], () =>
      messages.forEach((message, position) => {
        const hindrance = this.single.hindrance();
        if (hindrance !== undefined) settle(position, { error: hindrance });
        else this.write(message, bodies[position] as MessageBody, position, settle);
      }),
    );
  }

  private write(message: OutgoingMessage, body: MessageBody, index: number, settled: SettledListener): void {
    if (this.flight.pending === 0) this.single.write(message, body, index, settled);
    else this.writeBehindScript(message, body, index, settled);
  }

  private writeBehindScript(
    message: OutgoingMessage,
    body: MessageBody,
    index: number,
    settled: SettledListener,
  ): void {
    const place = this.flight.depart();
    this.single.write(message, body, index, (_index, outcome: PublishOutcome) => {
      if ('error' in outcome && outcome.error instanceof PublishRefusedError) this.flight.turnedDown();
      else this.flight.executed(place);
      settled(index, outcome);
    });
  }
}

interface SentScript {
  readonly script: PublishScript;
  /** The link that it was sent on. */
  readonly permit: ScriptPermit;
  readonly place: number;
  /** By the position in the script. */
  readonly settle: SettledListener;
}

/** The slot belongs to another node: everything after it is refused as well. */
function isMoved(error: unknown): boolean {
  return isReplyError(error) && error.message.startsWith('MOVED ');
}

/** A script was not run, or this is unknown. */
function refuse(permit: ScriptPermit, subjects: readonly string[], error: unknown): void {
  if (!isReplyError(error)) permit.forget(subjects);
  else if (!isInsideScript(error)) permit.refused(subjects, error.message);
}

/** With the secrets that its text must not contain. */
function refusalOf(refusal: string, bodies: readonly unknown[]): Error {
  return replyError(refusal, { name: 'publish', args: ['', ...bodies] });
}

import type { MessageBody, OutgoingMessage } from '../event.transport.js';
import { countIn } from './odd.reply.js';

/** The server does nothing else while it runs a script: writing this much, also to subscribers, takes it a few milliseconds. */
const MAX_BYTES = 64 * 1024;
const MAX_DELIVERIES = 4_000;

type Kind = OutgoingMessage['kind'];

const COMMANDS: Readonly<Record<Kind, string>> = { channel: 'PUBLISH', shard: 'SPUBLISH' };

/** Both scripts publish, continue after a refusal, and answer each message with its count or `{ refusal }`. */
const SCRIPTS = {
  /** ARGV: a channel, the number of its bodies, the bodies; repeated. */
  runs: (command: string) => `local replies, count, index, last = {}, 0, 1, #ARGV
while index < last do
  local channel, final = ARGV[index], index + 1 + ARGV[index + 1]
  for body = index + 2, final do
    local reply = redis.pcall('${command}', channel, ARGV[body])
    count = count + 1
    replies[count] = type(reply) == 'table' and { reply.err } or reply
  end
  index = final + 1
end
return replies`,
  /** ARGV: a channel, a body; repeated. Shorter if consecutive channels differ. */
  pairs: (command: string) => `local replies = {}
for index = 1, #ARGV, 2 do
  local reply = redis.pcall('${command}', ARGV[index], ARGV[index + 1])
  replies[(index + 1) / 2] = type(reply) == 'table' and { reply.err } or reply
end
return replies`,
};

/** The server's answer to one message. */
export type ScriptReply = { readonly count: number } | { readonly refusal: string };

/** Messages of one kind that are sent as one EVAL, in order. */
export class PublishScript {
  readonly messages: OutgoingMessage[] = [];
  readonly bodies: MessageBody[] = [];
  /** For each message, its index in the publisher's list. */
  readonly indices: number[] = [];
  private bytes = 0;
  private deliveries = 0;
  /** Consecutive messages on one channel are one run. */
  private runCount = 0;

  constructor(private readonly kind: Kind) {}

  /** Whether one more message would not block the server for too long. */
  hasRoomFor({ kind }: OutgoingMessage, bytes: number, deliveries: number): boolean {
    if (kind !== this.kind) return false;
    return this.bytes + bytes <= MAX_BYTES && this.deliveries + deliveries <= MAX_DELIVERIES;
  }

  add(index: number, message: OutgoingMessage, body: MessageBody, bytes: number, deliveries: number): void {
    if (this.messages.at(-1)?.channel !== message.channel) this.runCount += 1;
    this.indices.push(index);
    this.messages.push(message);
    this.bodies.push(body);
    this.bytes += bytes;
    this.deliveries += deliveries;
  }

  /** The arguments of EVAL. The channels of shard messages are its keys, by which a Cluster finds the slot. */
  toArguments(): MessageBody[] {
    const keys = this.kind === 'shard' ? new Set(this.messages.map(({ channel }) => channel)) : [];
    const shape = this.runCount * 2 <= this.messages.length ? 'runs' : 'pairs';
    const args: MessageBody[] = [SCRIPTS[shape](COMMANDS[this.kind]), '', ...keys];
    args[1] = String(args.length - 2);
    if (shape === 'runs') this.addRuns(args);
    else this.bodies.forEach((body, index) => args.push(this.channelOf(index), body));
    return args;
  }

  private addRuns(args: MessageBody[]): void {
    let channel: string | undefined;
    let countAt = 0;
    this.bodies.forEach((body, index) => {
      const next = this.channelOf(index);
      if (next !== channel) {
        if (channel !== undefined) args[countAt] = String(args.length - countAt - 1);
        channel = next;
        countAt = args.push(next, '') - 1;
      }
      args.push(body);
    });
    args[countAt] = String(args.length - countAt - 1);
  }

  private channelOf(index: number): string {
    return (this.messages[index] as OutgoingMessage).channel;
  }

  /** @param answer to EVAL. Undefined if it is not a valid answer to this script. */
  read(answer: unknown): ScriptReply[] | undefined {
    if (!Array.isArray(answer) || answer.length !== this.messages.length) return undefined;
    const replies: ScriptReply[] = [];
    for (const item of answer as unknown[]) {
      const reply = Array.isArray(item) ? this.refusalIn(item) : countedIn(item);
      if (reply === undefined) return undefined;
      replies.push(reply);
    }
    return replies;
  }

  private refusalIn(item: readonly unknown[]): ScriptReply | undefined {
    const [said] = item;
    if (item.length !== 1 || !(Buffer.isBuffer(said) || typeof said === 'string')) return undefined;
    return { refusal: this.outside(String(said)) };
  }

  /** A refusal with the text that the server uses without a script. */
  private outside(refusal: string): string {
    if (refusal.includes("executing the script can't run this command")) {
      const command = this.kind === 'shard' ? 'spublish' : 'publish';
      return `NOPERM this user has no permissions to run the '${command}' command`;
    }
    if (refusal.includes("executing the script can't publish to the channel")) {
      return 'NOPERM this user has no permissions to access one of the channels used as arguments';
    }
    if (refusal.includes('Unknown Redis command called from')) {
      return `ERR unknown command '${COMMANDS[this.kind]}'`;
    }
    return refusal.replace(/^[A-Z]+ ACL failure in script: /, 'NOPERM ');
  }
}

function countedIn(item: unknown): ScriptReply | undefined {
  const count = countIn(item);
  return count === undefined ? undefined : { count };
}

/**
 * Why no message of the script could be published from within a script. Undefined if one was published, or if the server
 * refused the message itself.
 */
export function scriptProblemIn(replies: readonly ScriptReply[]): string | undefined {
  const [first] = replies;
  if (first === undefined || !('refusal' in first)) return undefined;
  return replies.every(isAgainstScripts) ? first.refusal : undefined;
}

function isAgainstScripts(reply: ScriptReply): boolean {
  return 'refusal' in reply && /^MASTERDOWN\b|from (a )?script/i.test(reply.refusal);
}

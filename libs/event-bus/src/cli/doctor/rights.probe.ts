import type { EventTransport, SubscriptionKind } from '../../transports/event.transport.js';
import type { Answer, ServerQuestions } from './server.questions.js';

/** A command that a role needs. */
export interface NeededCommand {
  readonly words: readonly [string, ...string[]];
  /** The rule for the channel or the key in it: `&orders:*`. Absent: only the command itself is tested. */
  readonly nameRule?: string;
  /** It does nothing with these words, so that it can be tried. */
  readonly isHarmless?: true;
  /** It subscribes to this name, which no service uses, so that its command can be tried. */
  readonly trial?: { readonly kind: SubscriptionKind; readonly name: string };
}

/** Whether a user may run a command: yes, no for want of a rule, or it cannot be known. */
export type Right = 'granted' | 'unknown' | { readonly missing: string };

const CHECK_SCRIPT = 'return redis.acl_check_cmd(unpack(ARGV)) and 1 or 0';
const DENIED = /has no permissions/;

/**
 * Finds out what a user may do, without doing it: ACL DRYRUN, a script with redis.acl_check_cmd, commands that do nothing, and
 * subscriptions to names that no service uses.
 */
export class RightsProbe {
  /** What the server or the user has not, so that it is asked once. */
  private readonly impossible = new Set<'dryrun' | 'script'>();

  constructor(
    private readonly questions: ServerQuestions,
    private readonly transport: EventTransport,
    private readonly user: string,
    /** The user is another one than that of the connection. */
    private readonly isOther: boolean,
  ) {}

  /** @throws Error when the server does not answer */
  async of(command: NeededCommand): Promise<Right> {
    const tested = await this.dryRun(command);
    if (tested !== undefined) return tested;
    if (this.isOther) return 'unknown';
    if (command.isHarmless === true) return rightIn(await this.questions.ask(...command.words), command);
    return (await this.checkByScript(command)) ?? (await this.tryToSubscribe(command)) ?? 'unknown';
  }

  private async dryRun(command: NeededCommand): Promise<Right | undefined> {
    if (this.impossible.has('dryrun')) return undefined;
    const answer = await this.questions.ask('ACL', 'DRYRUN', this.user, ...command.words);
    if ('refusal' in answer) {
      // The server is older and has no such command, in both senses: it cannot be wanted then.
      if (/not found|unknown command/i.test(answer.refusal) && !/DRYRUN/i.test(answer.refusal))
        return 'granted';
      this.impossible.add('dryrun');
      return undefined;
    }
    return String(answer.reply) === 'OK' ? 'granted' : missingIn(String(answer.reply), command);
  }

  private async checkByScript(command: NeededCommand): Promise<Right | undefined> {
    if (this.impossible.has('script')) return undefined;
    const { words, nameRule } = command;
    const answer = await this.questions.ask('EVAL', CHECK_SCRIPT, '0', ...words);
    if ('reply' in answer && answer.reply === 1) return 'granted';
    if ('refusal' in answer) {
      this.impossible.add('script');
      return undefined;
    }
    // It does not say which of the two is missing.
    const rule = `+${words[0].toLowerCase()}`;
    return nameRule === undefined ? undefined : { missing: `${rule} or ${nameRule}` };
  }

  /** Tells whether the command is permitted, and nothing of the channels of services. */
  private async tryToSubscribe(command: NeededCommand): Promise<Right | undefined> {
    const { trial } = command;
    if (trial === undefined) return undefined;
    const [outcome] = await this.transport.subscribe([trial]);
    await this.transport.unsubscribe([trial]);
    const right = rightIn({ refusal: outcome?.error?.message ?? '' }, { words: command.words });
    return right === 'granted' && command.nameRule !== undefined ? 'unknown' : right;
  }
}

function rightIn(answer: Answer, command: NeededCommand): Right {
  // Any other error comes from the command, which was permitted then.
  if ('reply' in answer || !DENIED.test(answer.refusal)) return 'granted';
  return missingIn(answer.refusal, command);
}

function missingIn(refusal: string, { nameRule }: NeededCommand): Right {
  const command = /run the '([^' ]+)' command/.exec(refusal)?.[1];
  if (command !== undefined) return { missing: `+${command}` };
  return nameRule === undefined ? 'granted' : { missing: nameRule };
}

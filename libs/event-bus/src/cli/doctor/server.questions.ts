import { reasonOf } from '../../foreign.js';
import { withDeadline } from '../../deadline.js';

/** A client of the driver. */
export interface RawClient {
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** What the server answered: its reply, or its error without what it means for the connection. */
export type Answer = { readonly reply: unknown } | { readonly refusal: string };

/** Asks one server. Every command is answered by a reply or an error; none of them changes anything. */
export class ServerQuestions {
  constructor(
    private readonly client: RawClient,
    private readonly timeoutMs: number,
  ) {}

  /** @throws Error when there is no answer */
  async ask(command: string, ...args: string[]): Promise<Answer> {
    const late = () => new Error(`no answer to ${command} within ${this.timeoutMs} ms`);
    try {
      return { reply: await withDeadline(this.client.call(command, ...args), this.timeoutMs, late) };
    } catch (error) {
      if ((error as Error).name !== 'ReplyError') throw new Error(reasonOf(error));
      return { refusal: reasonOf(error) };
    }
  }

  /** A setting, or undefined if the user may not read it, or the server has none of this name. */
  async setting(name: string): Promise<string | undefined> {
    const answer = await this.ask('CONFIG', 'GET', name);
    if ('refusal' in answer || typeof answer.reply !== 'object' || answer.reply === null) return undefined;
    const value: unknown = Array.isArray(answer.reply)
      ? answer.reply[1]
      : (answer.reply as Record<string, unknown>)[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** The fields of a section of INFO, or of CLUSTER INFO. Undefined if the user may not ask. */
  async fields(...command: [string, ...string[]]): Promise<ReadonlyMap<string, string> | undefined> {
    const answer = await this.ask(...command);
    if ('refusal' in answer || typeof answer.reply !== 'string') return undefined;
    const lines = answer.reply.matchAll(/^([\w-]+):([^\r\n]*)/gm);
    return new Map([...lines].map(([, name = '', value = '']) => [name, value]));
  }
}

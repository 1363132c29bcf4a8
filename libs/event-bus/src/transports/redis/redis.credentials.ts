import type { RedisOptions } from 'ioredis';
import { reasonOf } from '../../errors.js';
import type { OptionTable } from '../../option.checks.js';
import { fitting } from '../../option.checks.js';
import type { RedisSecrets } from './redis.secrets.js';

/**
 * A user name or a password, or a function that gives it, at once or later. Each connection calls it before each attempt to
 * connect: keep the answer as long as it is valid, where it costs something. It has to give a string that is not empty, within the
 * `connectTimeout`; otherwise the attempt has failed, and another one follows.
 */
export type RedisCredential = string | (() => string | Promise<string>);

/** Who we are, to a server and to sentinels. */
export interface RedisCredentials {
  /** The ACL user. @default the user `default` */
  readonly username?: RedisCredential | undefined;
  /** A function is for passwords that change, such as tokens of a cloud; it is stronger than the password of a URL. */
  readonly password?: RedisCredential | undefined;
  /** As `username`, for the sentinels. */
  readonly sentinelUsername?: RedisCredential | undefined;
  /** As `password`, for the sentinels. */
  readonly sentinelPassword?: RedisCredential | undefined;
}

export const CREDENTIALS = ['username', 'password', 'sentinelUsername', 'sentinelPassword'] as const;

/** What one attempt logs in with. Undefined: with none. */
export type Login = Pick<RedisOptions, 'username' | 'password'>;

type LoginPart = keyof Login;
type Source = Readonly<Partial<Record<keyof RedisCredentials, unknown>>>;

const PARTS = ['username', 'password'] as const;
const OPTION_NAMES = {
  server: { username: 'username', password: 'password' },
  sentinel: { username: 'sentinelUsername', password: 'sentinelPassword' },
} as const;

/** What differs from one attempt to connect to the next: credentials that functions give, or those that a client has now. */
export class RedisLogin {
  constructor(
    /** Read at each attempt: those that are to be set for it. */
    private readonly current: () => Source,
    private readonly secrets: RedisSecrets,
    private readonly of: keyof typeof OPTION_NAMES = 'server',
  ) {}

  /** Undefined when none of the options is a function: then they are the same for each attempt. */
  static ofFunctions(
    options: RedisCredentials,
    secrets: RedisSecrets,
    of: keyof typeof OPTION_NAMES = 'server',
  ): RedisLogin | undefined {
    const names = PARTS.map((part) => OPTION_NAMES[of][part]);
    const functions = names.filter((name) => typeof options[name] === 'function');
    if (functions.length === 0) return undefined;
    const current = Object.fromEntries(functions.map((name) => [name, options[name]]));
    return new RedisLogin(() => current, secrets, of);
  }

  /** What is asked, for people. */
  get asked(): string {
    const source = this.current();
    const names = PARTS.map((part) => OPTION_NAMES[this.of][part]);
    return names
      .filter((name) => typeof source[name] === 'function')
      .map((name) => `${name}()`)
      .join(' and ');
  }

  /**
   * What the next attempt logs in with; without those that stay as they are. It may never settle.
   *
   * @throws Error that says, without any secret, why there is nothing to log in with
   */
  async ask(): Promise<Login> {
    const source = this.current();
    const parts = PARTS.filter((part) => OPTION_NAMES[this.of][part] in source);
    const values = await Promise.all(parts.map((part) => this.askFor(part, source)));
    return Object.fromEntries(parts.map((part, index) => [part, values[index]]));
  }

  private async askFor(part: LoginPart, source: Source): Promise<string | undefined> {
    const name = OPTION_NAMES[this.of][part];
    const given = source[name];
    const text = typeof given === 'function' ? await this.call(name, given as () => unknown) : asText(given);
    // One that comes too late for its attempt is a secret all the same.
    if (part === 'password' && text !== undefined) this.secrets.given(text);
    return text;
  }

  private async call(name: string, give: () => unknown): Promise<string> {
    let text: unknown;
    try {
      text = await give();
    } catch (error) {
      // Not the error itself, nor as a cause: those of HTTP clients have the request on them, with its credentials.
      throw new Error(`${name}() failed: ${this.reasonOf(error)}`);
    }
    if (typeof text === 'string' && text !== '') return text;
    throw new Error(`${name}() gave ${kindOf(text)}. It has to give a string that is not empty`);
  }

  private reasonOf(error: unknown): string {
    try {
      return reasonOf(
        this.secrets.scrub(error instanceof Error ? error.message || error.name : String(error)),
      );
    } catch {
      return reasonOf(error);
    }
  }
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function kindOf(value: unknown): string {
  if (value === '') return 'an empty string';
  if (value === null || value === undefined) return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** The options without those that are functions, which ioredis does not know. */
export function fixedOptions<Options extends RedisCredentials>(
  options: Options,
): Omit<Options, keyof RedisCredentials> & Pick<RedisOptions, keyof RedisCredentials> {
  const functions = CREDENTIALS.filter((name) => typeof options[name] === 'function');
  return Object.assign({ ...options }, ...functions.map((name) => ({ [name]: undefined }))) as Options &
    Pick<RedisOptions, keyof RedisCredentials>;
}

const CREDENTIAL = fitting(
  (value) => value === null || typeof value === 'string' || typeof value === 'function',
  'takes a string, or a function that gives one before each attempt to connect.',
);
/** Their problems never repeat them. */
export const CREDENTIAL_CHECKS: OptionTable = Object.fromEntries(
  CREDENTIALS.map((name) => [name, CREDENTIAL]),
);

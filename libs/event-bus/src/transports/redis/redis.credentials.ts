import type { RedisOptions } from 'ioredis';
import { reasonOf } from '../../errors.js';
import type { OptionTable } from '../../option.checks.js';
import { fitting } from '../../option.checks.js';
import type { RedisSecrets } from './redis.secrets.js';

/**
 * A user name or a password, or a function that returns it, synchronously or as a promise. Each connection calls the function
 * before each attempt to connect: cache the result while it is valid, if it is expensive. It must return a non-empty string
 * within the `connectTimeout`; otherwise the attempt fails, and another one follows.
 */
export type RedisCredential = string | (() => string | Promise<string>);

/** The credentials for a server and for sentinels. */
export interface RedisCredentials {
  /** The ACL user. @default the user `default` */
  readonly username?: RedisCredential | undefined;
  /** Use a function for passwords that change, such as cloud tokens. It takes precedence over the password of a URL. */
  readonly password?: RedisCredential | undefined;
  /** Like `username`, for the sentinels. */
  readonly sentinelUsername?: RedisCredential | undefined;
  /** Like `password`, for the sentinels. */
  readonly sentinelPassword?: RedisCredential | undefined;
}

export const CREDENTIALS = ['username', 'password', 'sentinelUsername', 'sentinelPassword'] as const;

/** The credentials of one attempt. Undefined: none. */
export type Login = Pick<RedisOptions, 'username' | 'password'>;

type LoginPart = keyof Login;
type Source = Readonly<Partial<Record<keyof RedisCredentials, unknown>>>;

const PARTS = ['username', 'password'] as const;
const OPTION_NAMES = {
  server: { username: 'username', password: 'password' },
  sentinel: { username: 'sentinelUsername', password: 'sentinelPassword' },
} as const;

/** Options that may change between attempts: credentials from functions, or the current ones of a client. */
export class RedisLogin {
  constructor(
    /** Read at each attempt: the credentials to set for it. */
    private readonly current: () => Source,
    private readonly secrets: RedisSecrets,
    private readonly of: keyof typeof OPTION_NAMES = 'server',
  ) {}

  /** Undefined if none of the options is a function: the credentials are then the same for each attempt. */
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

  /** The requested options, in words. */
  get asked(): string {
    const source = this.current();
    const names = PARTS.map((part) => OPTION_NAMES[this.of][part]);
    return names
      .filter((name) => typeof source[name] === 'function')
      .map((name) => `${name}()`)
      .join(' and ');
  }

  /**
   * The credentials for the next attempt, without those that do not change. It may never settle.
   *
   * @throws Error with the reason, without secrets, why there are no credentials
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
    // A credential that arrives too late for its attempt is a secret all the same.
    if (part === 'password' && text !== undefined) this.secrets.given(text);
    return text;
  }

  private async call(name: string, give: () => unknown): Promise<string> {
    let text: unknown;
    try {
      text = await give();
    } catch (error) {
      // Neither the error itself nor a cause: errors of HTTP clients contain the request, with its credentials.
      throw new Error(`${name}() failed: ${this.reasonOf(error)}`);
    }
    if (typeof text === 'string' && text !== '') return text;
    throw new Error(`${name}() returned ${kindOf(text)}. It must return a non-empty string`);
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

/** The options without functions, which ioredis does not support. */
export function fixedOptions<Options extends RedisCredentials>(
  options: Options,
): Omit<Options, keyof RedisCredentials> & Pick<RedisOptions, keyof RedisCredentials> {
  const functions = CREDENTIALS.filter((name) => typeof options[name] === 'function');
  return Object.assign({ ...options }, ...functions.map((name) => ({ [name]: undefined }))) as Options &
    Pick<RedisOptions, keyof RedisCredentials>;
}

const CREDENTIAL = fitting(
  (value) => value === null || typeof value === 'string' || typeof value === 'function',
  'takes a string, or a function that returns one before each attempt to connect.',
);
/** Problems never repeat credentials. */
export const CREDENTIAL_CHECKS: OptionTable = Object.fromEntries(
  CREDENTIALS.map((name) => [name, CREDENTIAL]),
);

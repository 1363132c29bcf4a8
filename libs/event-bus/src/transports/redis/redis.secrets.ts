import type { RedisOptions } from 'ioredis';
import { withoutArguments, withoutSecrets } from './secret.text.js';

type TlsOptions = RedisOptions['tls'];

/** The command of an error of ioredis. */
export interface FailedCommand {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** A cloud token has some kilobytes, and each attempt of each connection may get a new one. */
const MAX_CHANGING = 64;

/** Text that callers search for in an error, and that no server writes. */
const NEVER_TEXT = new Set(['name', 'code', 'syscall']);

/** The secrets of one bus' connections. All text from a server, a sentinel or a node passes through here. */
export class RedisSecrets {
  private readonly known = new Set<string>();
  /** The latest last. */
  private readonly changing = new Set<string>();

  /** Passwords, and the passphrase of a certificate's key. User names are not secrets. */
  learn(options: RedisOptions): void {
    const { password, sentinelPassword, tls, sentinelTLS } = options;
    for (const secret of [password, sentinelPassword, ...ofTls(tls), ...ofTls(sentinelTLS)]) {
      if (typeof secret === 'string' && secret !== '') this.known.add(secret);
    }
  }

  /** Of many successive secrets, only the latest are kept: messages about older ones are long past. */
  given(secret: string): void {
    this.changing.delete(secret);
    this.changing.add(secret);
    for (const oldest of this.changing) {
      if (this.changing.size <= MAX_CHANGING) break;
      this.changing.delete(oldest);
    }
  }

  /** Text from outside, made safe to print. */
  scrub(text: string): string {
    return this.without(text, []);
  }

  /** Removes secrets from an error and all its causes, in place. The command that ioredis attaches is removed. */
  scrubError(error: Error): void {
    this.scrubOnce(error, [], new Set());
  }

  private scrubOnce(error: Error, outer: readonly string[], seen: Set<unknown>): void {
    if (seen.has(error)) return;
    seen.add(error);
    const { command } = error as { command?: FailedCommand };
    const secrets = [...outer, ...secretsIn(command)];
    Reflect.deleteProperty(error, 'command');
    const { message, stack } = error;
    const clean = this.without(message, secrets);
    if (clean !== message) {
      set(error, 'message', clean);
      if (stack !== undefined) set(error, 'stack', `${error.name}: ${clean}${framesOf(stack, message)}`);
    }
    for (const name of Object.getOwnPropertyNames(error)) {
      if (NEVER_TEXT.has(name) || name === 'message' || name === 'stack') continue;
      const value = Reflect.get(error, name) as unknown;
      if (typeof value === 'string') set(error, name, this.without(value, secrets));
      for (const inner of [value].flat()) if (inner instanceof Error) this.scrubOnce(inner, secrets, seen);
    }
  }

  private without(text: string, others: readonly string[]): string {
    return withoutSecrets(withoutArguments(text), [...this.known, ...this.changing, ...others]);
  }
}

function ofTls(tls: TlsOptions): unknown[] {
  const { key, passphrase } = tls ?? {};
  return [passphrase, ...[key].flat().flatMap(ofKey)];
}

function ofKey(key: string | Buffer | { pem: string | Buffer; passphrase?: string } | undefined): unknown[] {
  if (key === undefined) return [];
  if (typeof key === 'object' && 'pem' in key) return [key.passphrase, ...ofKey(key.pem)];
  // No message repeats a whole key.
  const lines = key.toString().split(/\r?\n/);
  return lines.filter((line) => !line.startsWith('-----'));
}

/** Passwords and payloads. Names of channels are not secrets. */
function secretsIn(command: FailedCommand | undefined): string[] {
  const args = command?.args.map(String) ?? [];
  switch (command?.name.toLowerCase()) {
    case 'auth':
      return args.slice(-1);
    case 'hello':
      return args.slice(args.findIndex((arg) => arg.toUpperCase() === 'AUTH') + 2);
    case 'publish':
    case 'spublish':
      return args.slice(1);
    default:
      return [];
  }
}

/** The stack after the message. */
function framesOf(stack: string, message: string): string {
  const at = stack.indexOf(message);
  return at === -1 ? '' : stack.slice(at + message.length);
}

function set(error: Error, name: string, value: string): void {
  Reflect.defineProperty(error, name, { value, configurable: true, writable: true });
}

import { ReplyError } from 'ioredis';
import { reasonOf } from '../../errors.js';
import { aclAdvice } from './acl-advice.js';
import type { FailedCommand, RedisSecrets } from './redis.secrets.js';
import { tlsAdvice } from './tls-advice.js';

/** Of an attempt that ended without a word. */
export const CLOSED_BY_SERVER = 'the server closed the connection';

/** The server answered, and its answer is an error: the command was not executed. */
export function isReplyError(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}

/** What the server said inside a larger answer, as ioredis would have made an error of it. */
export function replyError(message: string, command: FailedCommand): Error {
  return Object.assign(new ReplyError(message) as Error, { command });
}

/** Of UNSUBSCRIBE, PUNSUBSCRIBE or SUNSUBSCRIBE on a connection without any subscription. */
export function isNothingSubscribed(error: unknown): boolean {
  return isReplyError(error) && error.message.startsWith('NOSUB');
}

/** A script was ended in its middle (SCRIPT KILL): part of it was executed. */
export function isInsideScript(error: Error): boolean {
  return /user_script|running script|script killed/i.test(error.message);
}

/** What a server says of a script that it does not begin, and what a server or a proxy says that has no scripts. */
const UNSTARTED =
  /^(NOPERM|NOAUTH|MASTERDOWN|BUSY|LOADING|MISCONF|OOM|READONLY|NOREPLICAS|NOSCRIPT|ASK|TRYAGAIN|CLUSTERDOWN)\b/;
const NO_SCRIPTS =
  /(unknown|invalid) (or unsupported )?(redis )?command|unsupport|not (yet )?(support|allow|permit|implement)|disabled|no permission|bad lua script|number of keys/i;

/**
 * EVAL was refused before the script began, so that none of it was executed, and what it says may go in another way. A proxy
 * that has lost its server says `ERR` too, and does not know. After MOVED, it goes to another node.
 */
export function isScriptUnstarted(error: unknown): error is Error {
  if (!isReplyError(error) || isInsideScript(error)) return false;
  return UNSTARTED.test(error.message) || NO_SCRIPTS.test(error.message);
}

/** Refused before a byte left, because the link had just gone. */
export function isNotSent(error: unknown): boolean {
  return error instanceof Error && error.message.includes('enableOfflineQueue');
}

/** It says that the connection is gone, and nothing about why. */
export function isMute(error: Error): boolean {
  const { code } = error as { code?: unknown };
  if (code === 'EPIPE' || code === 'ECONNRESET' || error.message === CLOSED_BY_SERVER) return true;
  return error.name === 'MaxRetriesPerRequestError' || isNotSent(error);
}

/** Trying again cannot help: the server knows us and does not want us, or TLS is not set up as one of us asks. */
export function isRefusal(error: unknown): boolean {
  if (tlsAdvice(error) !== undefined) return true;
  return (
    isReplyError(error) &&
    /^(WRONGPASS|NOAUTH|NOPERM|DENIED|ERR .*(AUTH|password|DB index))/i.test(error.message)
  );
}

/** A subscription is refused until somebody changes something: permissions, the server, or the transport, which is not one of a Cluster. */
export function isDenial(error: Error): boolean {
  return /^(NOPERM|MOVED|ASK)\b|unknown command/i.test(error.message);
}

/**
 * What the server said, and what to do about it.
 *
 * @param name the channel or glob that it was about
 */
export function explainRefusal(error: Error, name?: string): string {
  const reason = reasonOf(error);
  if (reason.startsWith('WRONGPASS')) return `${reason}. Check the user and the password in the Redis URL`;
  if (reason.startsWith('NOAUTH')) return `${reason}. Give a user and a password in the Redis URL`;
  if (reason.startsWith('NOPERM')) return `${reason}. ${aclAdvice(reason, name)}`;
  if (reason.includes('DB index')) return `${reason}. Check the database number in the Redis URL`;
  if (NO_INFO.test(reason)) return `${reason}. If the server has no INFO, give enableReadyCheck: false`;
  if (NO_SHARD_CHANNELS.test(reason)) return `${reason}. Shard channels need Redis 7.0`;
  return reason;
}

/** The driver asks INFO before it uses a connection. */
const NO_INFO = /^(ERR )?(unknown|unsupported|invalid|unrecognized) (redis )?command ?['"`:]? ?info\b/i;
/** A server before 7.0, also when a script calls them. */
const NO_SHARD_CHANNELS = /unknown command\W+(ssubscribe|spublish)/i;

/**
 * An error of ioredis, fit to be the cause of one of ours: passwords and payloads in it would reach whoever prints the error.
 */
export function causeOf(error: unknown, secrets: RedisSecrets): unknown {
  if (!(error instanceof Error)) return error;
  secrets.scrubError(error);
  // Its message explains an option that only the bus may set.
  return error.name === 'MaxRetriesPerRequestError'
    ? new Error('the connection was lost', { cause: error })
    : error;
}

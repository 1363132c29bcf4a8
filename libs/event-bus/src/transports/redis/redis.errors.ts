import { reasonOf } from '../../errors.js';
import { aclAdvice } from './acl-advice.js';
import type { RedisSecrets } from './redis.secrets.js';
import { tlsAdvice } from './tls-advice.js';

/** For an attempt that was closed without an error. */
export const CLOSED_BY_SERVER = 'the server closed the connection';

/** The server answered with an error: the command was not executed. */
export function isReplyError(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}

/** For UNSUBSCRIBE, PUNSUBSCRIBE or SUNSUBSCRIBE on a connection without a subscription. */
export function isNothingSubscribed(error: unknown): boolean {
  return isReplyError(error) && error.message.startsWith('NOSUB');
}

/** Rejected before anything was sent, because the link had just been lost. */
export function isNotSent(error: unknown): boolean {
  return error instanceof Error && error.message.includes('enableOfflineQueue');
}

/** The error only says that the connection is lost, but not why. */
export function isMute(error: Error): boolean {
  const { code } = error as { code?: unknown };
  if (code === 'EPIPE' || code === 'ECONNRESET' || error.message === CLOSED_BY_SERVER) return true;
  return error.name === 'MaxRetriesPerRequestError' || isNotSent(error);
}

/** Another attempt would fail too: the server rejects the credentials, or the TLS settings of both sides do not match. */
export function isRefusal(error: unknown): boolean {
  if (tlsAdvice(error) !== undefined) return true;
  return (
    isReplyError(error) &&
    /^(WRONGPASS|NOAUTH|NOPERM|DENIED|ERR .*(AUTH|password|DB index))/i.test(error.message)
  );
}

/**
 * A subscription is refused until something is changed: permissions, the server, or the transport, if it is not the one for a
 * Cluster.
 */
export function isDenial(error: Error): boolean {
  return /^(NOPERM|MOVED|ASK)\b|unknown command/i.test(error.message);
}

/**
 * The server's error, and what to do about it.
 *
 * @param name the channel or glob of the command
 */
export function explainRefusal(error: Error, name?: string): string {
  const reason = reasonOf(error);
  if (reason.startsWith('WRONGPASS')) return `${reason}. Check the user and the password in the Redis URL`;
  if (reason.startsWith('NOAUTH')) return `${reason}. Add a user and a password to the Redis URL`;
  if (reason.startsWith('NOPERM')) return `${reason}. ${aclAdvice(reason, name)}`;
  if (reason.includes('DB index')) return `${reason}. Check the database number in the Redis URL`;
  if (NO_INFO.test(reason)) return `${reason}. If the server has no INFO, set enableReadyCheck: false`;
  if (NO_SHARD_CHANNELS.test(reason)) return `${reason}. Shard channels need Redis 7.0`;
  return reason;
}

/** The driver sends INFO before it uses a connection. */
const NO_INFO = /^(ERR )?(unknown|unsupported|invalid|unrecognized) (redis )?command ?['"`:]? ?info\b/i;
/** A server before 7.0, even if a script calls them. */
const NO_SHARD_CHANNELS = /unknown command\W+(ssubscribe|spublish)/i;

/**
 * The error of ioredis in a form that is safe as a cause: passwords and payloads in it would reach anyone who prints the error.
 */
export function causeOf(error: unknown, secrets: RedisSecrets): unknown {
  if (!(error instanceof Error)) return error;
  secrets.scrubError(error);
  // Its message explains an option that only the bus may set.
  return error.name === 'MaxRetriesPerRequestError'
    ? new Error('the connection was lost', { cause: error })
    : error;
}

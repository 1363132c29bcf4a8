import { reasonOf } from '../../errors.js';

/** The server answered, and its answer is an error: the command was not executed. */
export function isReplyError(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}

/** Refused before a byte left, because the link had just gone. */
export function isNotSent(error: unknown): boolean {
  return error instanceof Error && error.message.includes('enableOfflineQueue');
}

/** Trying again cannot help: the server knows us and does not want us. */
export function isRefusal(error: unknown): boolean {
  return (
    isReplyError(error) &&
    /^(WRONGPASS|NOAUTH|NOPERM|DENIED|ERR .*(AUTH|password|DB index))/i.test(error.message)
  );
}

/** What the server said, and what to do about it. */
export function explainRefusal(error: Error): string {
  const reason = reasonOf(error);
  if (reason.startsWith('WRONGPASS')) return `${reason}. Check the user and the password in the Redis URL`;
  if (reason.startsWith('NOAUTH')) return `${reason}. Give a user and a password in the Redis URL`;
  if (reason.startsWith('NOPERM')) return `${reason}. Grant the user this command in the Redis ACL`;
  if (reason.includes('DB index')) return `${reason}. Check the database number in the Redis URL`;
  return reason;
}

/**
 * An error of ioredis, fit to be the cause of one of ours. The command that ioredis hangs on it goes: its
 * arguments are passwords and payloads, which would reach whoever prints the error.
 */
export function causeOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  delete (error as { command?: unknown }).command;
  // Its message explains an option that only the bus may set.
  return error.name === 'MaxRetriesPerRequestError'
    ? new Error('the connection was lost', { cause: error })
    : error;
}

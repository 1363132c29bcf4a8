/**
 * The server, or a proxy before it, sent a reply that cannot belong to the command: the rest of the stream cannot be trusted.
 */
export class OddReplyError extends Error {
  override readonly name = 'OddReplyError';

  /** @param to the command, without its arguments */
  constructor(to: string, options?: { cause?: unknown }) {
    super(`the server sent an invalid reply to ${to}`, options);
  }
}

/** A non-negative integer. It is text if the user has set `stringNumbers`. */
export function countIn(reply: unknown): number | undefined {
  const count = typeof reply === 'number' ? reply : digitsIn(reply);
  return count !== undefined && Number.isSafeInteger(count) && count >= 0 ? count : undefined;
}

function digitsIn(reply: unknown): number | undefined {
  if (typeof reply !== 'string' && !Buffer.isBuffer(reply)) return undefined;
  const text = String(reply);
  return /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}

export function isTexts(reply: unknown): reply is string[] {
  return Array.isArray(reply) && reply.every((item) => typeof item === 'string');
}

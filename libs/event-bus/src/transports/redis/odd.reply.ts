/** The server, or a proxy before it, answers what it cannot have been asked: nothing that follows on the link can be trusted. */
export class OddReplyError extends Error {
  override readonly name = 'OddReplyError';

  /** @param to the command, without its arguments */
  constructor(to: string, options?: { cause?: unknown }) {
    super(`the server sent what is no answer to ${to}`, options);
  }
}

/** A whole number that is not negative. It is text where the user has set `stringNumbers`. */
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

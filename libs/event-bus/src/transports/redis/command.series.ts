import type { Command } from 'ioredis';

/**
 * Several commands that are written at once, and are one entry in the driver's queue. {@link ReplyGuard} passes it one answer
 * after the other, in order. Rejected when the link is lost.
 */
export interface CommandSeries extends Command {
  /** The number of its commands. */
  readonly length: number;
  /** The number of those that are answered. */
  readonly answeredCount: number;

  /** Takes the answer to the next command. @throws OddReplyError when it cannot belong to it */
  replied(reply: unknown): void;

  /** The answer to the next command is an error. Returns that command, for the driver to reject. */
  refused(): Command;
}

export function isSeries(command: Command): command is CommandSeries {
  return 'answeredCount' in command;
}

import { reasonOf } from '../foreign.js';

/** Why the broker refused something. */
export interface BrokerRefusal {
  /** What it answered. */
  readonly cause: unknown;
  /** What the broker said and what to do about it. @default the message of the cause */
  readonly reason?: string;
}

export function refusedBecause({ cause, reason }: BrokerRefusal): string {
  return reason ?? reasonOf(cause);
}

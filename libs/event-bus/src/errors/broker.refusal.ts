import { reasonOf } from '../foreign.js';

/** The reason why the broker refused something. */
export interface BrokerRefusal {
  /** The broker's answer. */
  readonly cause: unknown;
  /** The broker's answer and what to do about it. @default the message of the cause */
  readonly reason?: string;
}

export function refusedBecause({ cause, reason }: BrokerRefusal): string {
  return reason ?? reasonOf(cause);
}

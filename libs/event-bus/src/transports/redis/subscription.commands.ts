import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import { collect } from '../collect.js';

export const SUBSCRIBE = { channel: 'subscribe', pattern: 'psubscribe', shard: 'ssubscribe' } as const;
export const UNSUBSCRIBE = {
  channel: 'unsubscribe',
  pattern: 'punsubscribe',
  shard: 'sunsubscribe',
} as const;

/** Names per command: few round trips, and no command that blocks the server or this process for long. */
export const NAMES_PER_COMMAND = 500;

/** Targets that may share one command: of one kind and group, and not too many. */
export function commandsFor(
  targets: readonly SubscriptionTarget[],
  groupOf: (target: SubscriptionTarget) => number,
): SubscriptionTarget[][] {
  const groups = new Map<string, SubscriptionTarget[]>();
  for (const target of targets) collect(groups, `${target.kind} ${groupOf(target)}`, target);
  return [...groups.values()].flatMap((group) => chunksOf(group, NAMES_PER_COMMAND));
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let start = 0; start < items.length; start += size) chunks.push(items.slice(start, start + size));
  return chunks;
}

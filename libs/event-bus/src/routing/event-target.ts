import type { ChannelPrefix } from './channel-prefix.js';
import { RedisGlob, globProblems, isGlob, unescapeGlob } from './redis-glob.js';
import type { SubscriptionKind, SubscriptionTarget } from './subscription-target.js';
import { targetKey } from './subscription-target.js';

/** What a handler asks for, as it was written, and the subscription that serves it. */
export interface EventTarget {
  /** As the user wrote it, without prefix. */
  readonly text: string;
  readonly subscription: SubscriptionTarget;
  /** Whether a message on this channel (with prefix) is one that was asked for. */
  matches(channel: string): boolean;
}

/** Why this target cannot be subscribed to, or undefined when it is fine. */
export function targetProblem(text: unknown, kind?: SubscriptionKind): string | undefined {
  if (typeof text !== 'string') return 'a target must be a string. Write a channel or a Redis glob.';
  if (text === '') return 'the target is empty. Name a channel or a Redis glob, e.g. "orders:*".';
  const resolved = kind ?? kindOf(text);
  if (resolved === 'pattern') return globProblems(text)[0];
  if (resolved === 'shard' && isGlob(text)) {
    return 'Redis has no patterns for sharded pub/sub. Name each shard channel, or leave out kind: "shard".';
  }
  return undefined;
}

/**
 * Reads a target: with an unescaped `*`, `?` or `[` it is a Redis glob, else a channel, in which `\*` is a
 * literal star. A given `kind` overrules the detection, and a channel is then taken as it stands.
 */
export function parseTarget(text: string, prefix: ChannelPrefix, kind?: SubscriptionKind): EventTarget {
  const resolved = kind ?? kindOf(text);
  if (resolved === 'pattern') {
    const name = prefix.addToPattern(text);
    const glob = new RedisGlob(name);
    return {
      text,
      subscription: { kind: 'pattern', name },
      matches: (channel) => glob.matches(channel),
    };
  }
  const name = prefix.addToChannel(kind === undefined ? unescapeGlob(text) : text);
  return { text, subscription: { kind: resolved, name }, matches: (channel) => channel === name };
}

function kindOf(text: string): SubscriptionKind {
  return isGlob(text) ? 'pattern' : 'channel';
}

/** Channels before globs, otherwise as declared, each subscription once: the order in which they are authoritative. */
export function orderTargets(targets: readonly EventTarget[]): readonly EventTarget[] {
  const byKey = new Map<string, EventTarget>();
  for (const target of targets) {
    const key = targetKey(target.subscription);
    if (!byKey.has(key)) byKey.set(key, target);
  }
  const unique = [...byKey.values()];
  return [
    ...unique.filter((target) => target.subscription.kind !== 'pattern'),
    ...unique.filter((target) => target.subscription.kind === 'pattern'),
  ];
}

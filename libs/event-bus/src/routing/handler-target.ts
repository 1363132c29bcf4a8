import type { ChannelPrefix } from './channel-prefix.js';
import type { TemplateParams } from './channel-template.js';
import { ChannelTemplate, isTemplate, templateProblem } from './channel-template.js';
import { foreignWildcard } from './foreign.wildcard.js';
import { nameProblem } from './name.problem.js';
import { RedisGlob, globProblems, isGlob, unescapeGlob } from './redis-glob.js';
import type { SubscriptionKind, SubscriptionTarget } from './subscription-target.js';
import { targetKey } from './subscription-target.js';

/** A target of a handler as written, and the subscription that serves it. */
export interface HandlerTarget {
  /** As written in the code, without the prefix. */
  readonly text: string;
  readonly subscription: SubscriptionTarget;
  /** Whether the target matches a message on this channel (with the prefix). */
  matches(channel: string): boolean;
  /**
   * Only for templates: their subscription is wider than the template, and the channel contains the values of the parameters.
   */
  readonly template?: ChannelTemplate;
  /** What to write instead, if it looks like a wildcard of another broker. */
  readonly advice?: string | undefined;
}

/** What a glob, a template, an escape or a wildcard of another broker has. Most targets have none: they are plain channels. */
const SPECIAL = /[*?[\\<>{(#+]/;

/** Why this target cannot be subscribed to, or undefined if it can. */
export function targetProblem(text: unknown, kind?: SubscriptionKind): string | undefined {
  if (typeof text !== 'string') return 'a target must be a string. Write a channel or a Redis glob.';
  if (text === '') return 'the target is empty. Name a channel or a Redis glob, e.g. "orders:*".';
  const ofName = nameProblem(text);
  if (ofName !== undefined || !SPECIAL.test(text)) return ofName;
  if (kind === undefined && /[<>]/.test(text)) return templateProblem(text);
  const resolved = kind ?? kindOf(text);
  if (resolved === 'pattern') return globProblems(text)[0];
  if (resolved === 'shard' && isGlob(text)) {
    return 'Redis has no patterns for sharded pub/sub. Name each shard channel, or omit kind: "shard".';
  }
  return undefined;
}

/**
 * Parses a target: text with a parameter `<name>` is a template, text with an unescaped `*`, `?` or `[` is a Redis glob, and
 * any other text is a channel, in which `\*` is a literal star. A given `kind` overrides the detection, and the text is then
 * taken literally.
 */
export function parseTarget(text: string, prefix: ChannelPrefix, kind?: SubscriptionKind): HandlerTarget {
  if (!SPECIAL.test(text) && kind !== 'pattern')
    return channelTarget(text, kind ?? 'channel', prefix.addToChannel(text));
  if (kind === undefined && isTemplate(text)) return templateTarget(new ChannelTemplate(text), prefix);
  const resolved = kind ?? kindOf(text);
  const advice = kind === undefined ? foreignWildcard(text) : undefined;
  if (resolved === 'pattern') {
    const name = prefix.addToPattern(text);
    const glob = new RedisGlob(name);
    return {
      text,
      subscription: { kind: 'pattern', name },
      matches: (channel) => glob.matches(channel),
      advice,
    };
  }
  return channelTarget(
    text,
    resolved,
    prefix.addToChannel(kind === undefined ? unescapeGlob(text) : text),
    advice,
  );
}

function channelTarget(text: string, kind: SubscriptionKind, name: string, advice?: string): HandlerTarget {
  return { text, subscription: { kind, name }, matches: (channel) => channel === name, advice };
}

/** A template is subscribed to as a glob that matches all its channels; without parameters it is a channel. */
export function templateTarget(
  template: ChannelTemplate,
  prefix: ChannelPrefix,
  kind: 'channel' | 'shard' = 'channel',
): HandlerTarget {
  const { text } = template;
  if (template.paramNames.length === 0) return parseTarget(text, prefix, kind);
  return {
    text,
    subscription: { kind: 'pattern', name: prefix.addToPattern(template.glob) },
    matches: (channel) => template.matches(prefix.strip(channel)),
    template,
  };
}

/** Whether any of the targets matches a channel, with one look-up for all plain channels. */
export function matcherOf(targets: readonly HandlerTarget[]): (channel: string) => boolean {
  const names = new Set<string>();
  const wide: HandlerTarget[] = [];
  for (const target of targets) {
    if (target.subscription.kind === 'pattern') wide.push(target);
    else names.add(target.subscription.name);
  }
  return (channel) => names.has(channel) || wide.some((target) => target.matches(channel));
}

/** The values of a template's parameters in this channel (without prefix). Undefined for other targets. */
export function paramsIn(target: HandlerTarget, channel: string): TemplateParams | undefined {
  return target.template?.match(channel);
}

function kindOf(text: string): SubscriptionKind {
  return isGlob(text) ? 'pattern' : 'channel';
}

/** Channels before globs, otherwise as declared, without duplicates. The first match takes precedence. */
export function orderTargets(targets: readonly HandlerTarget[]): readonly HandlerTarget[] {
  if (targets.length === 1) return targets;
  const byKey = new Map<string, HandlerTarget>();
  for (const target of targets) {
    // A template and a glob may share a subscription and still match different channels.
    const key = `${targetKey(target.subscription)} ${target.template?.text ?? ''}`;
    if (!byKey.has(key)) byKey.set(key, target);
  }
  const unique = [...byKey.values()];
  return [
    ...unique.filter((target) => target.subscription.kind !== 'pattern'),
    ...unique.filter((target) => target.subscription.kind === 'pattern'),
  ];
}

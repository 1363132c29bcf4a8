import type { ChannelPrefix } from '../routing/channel-prefix.js';
import type { HandlerTarget } from '../routing/handler-target.js';
import { orderTargets, parseTarget, targetProblem } from '../routing/handler-target.js';
import { UsageError } from './usage.error.js';

/** Channels, globs and templates, with the prefix. @throws UsageError */
export function readTargets(
  texts: readonly string[],
  prefix: ChannelPrefix,
  isShard: boolean,
): readonly HandlerTarget[] {
  const kind = isShard ? 'shard' : undefined;
  const [problem] = texts.flatMap((text) => targetProblem(text, kind) ?? []);
  if (problem !== undefined) throw new UsageError(`A target cannot be subscribed to: ${problem}`);
  return orderTargets(texts.map((text) => parseTarget(text, prefix, kind)));
}

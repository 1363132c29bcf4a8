import type { EventHandler } from '../dispatching/event.handler.js';
import { quote } from '../errors.js';
import type { HandlerTarget } from '../routing/handler-target.js';
import { globsOverlap } from '../routing/glob.overlap.js';
import { escapeGlob } from '../routing/redis-glob.js';

/** What to know about the handlers of one bus before the first event arrives. */
export interface HandlerReport {
  /** In words, one fact per line. */
  readonly lines: readonly string[];
  /** Certain mistakes, each with what to do. */
  readonly warnings: readonly string[];
}

/** Every pair is compared, which would slow down the start of an application with very many handlers. */
const MAX_COMPARED_HANDLERS = 200;
const MAX_COMPARED_TARGETS = 2_000;

/** @param contracts the targets of the option `contracts`. Without them, nothing is reported about contracts */
export function reportHandlers(
  handlers: readonly EventHandler[],
  contracts: readonly HandlerTarget[] | undefined,
): HandlerReport {
  const lines = handlers.map((handler) => `${handler.name} handles ${textsOf(handler.targets)}`);
  const warnings = duplicates(handlers);
  lines.push(...overlaps(handlers));
  if (contracts !== undefined) {
    const targets = handlers.flatMap((handler) => handler.targets);
    for (const contract of contracts) {
      if (!targets.some((target) => overlap(target, contract)))
        lines.push(`No handler in this process for ${quote(contract.text)}`);
    }
    for (const handler of handlers) {
      const lost = handler.targets.filter(
        (target) => !isRedisOwn(target) && !contracts.some((contract) => overlap(target, contract)),
      );
      if (lost.length > 0) {
        warnings.push(
          `No contract matches targets of ${handler.name} (targets=${textsOf(lost)}). Correct the target, or add its contract to the contracts option.`,
        );
      }
    }
  }
  return { lines, warnings };
}

/** Redis publishes key events, and no contract does. */
function isRedisOwn({ subscription }: HandlerTarget): boolean {
  return subscription.name.startsWith('__');
}

/** The same method twice means that two modules provide its class: Nest makes an instance for each. */
function duplicates(handlers: readonly EventHandler[]): string[] {
  const counts = new Map<string, number>();
  for (const { name } of handlers) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count > 1)
    .map(
      ([name, count]) =>
        `${name} is registered ${count} times, so each event calls it ${count} times. Provide its class in one module and export it.`,
    );
}

function overlaps(handlers: readonly EventHandler[]): string[] {
  if (handlers.length > MAX_COMPARED_HANDLERS) {
    return [`Overlaps are not checked with more than ${MAX_COMPARED_HANDLERS} handlers`];
  }
  const count = handlers.reduce((sum, { targets }) => sum + targets.length, 0);
  if (count > MAX_COMPARED_TARGETS) {
    return [`Overlaps are not checked with more than ${MAX_COMPARED_TARGETS} targets`];
  }
  return handlers.flatMap((handler, index) =>
    handlers.slice(index + 1).flatMap((other) => {
      const shared = handler.targets.flatMap((a) =>
        other.targets.filter((b) => overlap(a, b)).map((b) => `${quote(a.text)} and ${quote(b.text)}`),
      );
      return shared.length === 0 ? [] : [`${handler.name} and ${other.name} overlap: ${shared.join(', ')}`];
    }),
  );
}

/** Whether one event can reach both. Shard channels are a namespace of their own. */
function overlap(a: HandlerTarget, b: HandlerTarget): boolean {
  const [first, second] = [a.subscription, b.subscription];
  if ((first.kind === 'shard') !== (second.kind === 'shard')) return false;
  if (first.kind !== 'pattern' && second.kind !== 'pattern') return first.name === second.name;
  return globsOverlap(globOf(first), globOf(second));
}

function globOf({ kind, name }: HandlerTarget['subscription']): string {
  return kind === 'pattern' ? name : escapeGlob(name);
}

function textsOf(targets: readonly HandlerTarget[]): string {
  return targets.map(({ text }) => quote(text)).join(', ');
}

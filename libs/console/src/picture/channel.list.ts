import { RedisGlob } from 'nestjs-redis-event-bus';
import type { ShownChannel, ShownHandler } from '../frame.js';
import type { WatchedChannel, WatchedInstance } from './watched.instance.js';
import { RATE_MS } from './watched.instance.js';

interface Publishing {
  readonly service: string;
  readonly channel: WatchedChannel;
}

/** What was published in the last minute, with who handles it. */
export function channelList(
  instances: readonly WatchedInstance[],
  handlers: readonly ShownHandler[],
  atMs: number,
): ShownChannel[] {
  const byName = new Map<string, Publishing[]>();
  for (const { service, channels } of instances) {
    for (const [name, channel] of channels) {
      if (channel.published.sum(atMs) + channel.failed.sum(atMs) === 0) continue;
      byName.set(name, [...(byName.get(name) ?? []), { service, channel }]);
    }
  }
  return [...byName].map(([name, all]) => shownChannel(name, all, handlers, atMs));
}

function shownChannel(
  name: string,
  publishing: readonly Publishing[],
  handlers: readonly ShownHandler[],
  atMs: number,
): ShownChannel {
  const sum = (read: (channel: WatchedChannel) => number) =>
    publishing.reduce((total, { channel }) => total + read(channel), 0);
  return {
    name,
    publishers: [...new Set(publishing.map(({ service }) => service))].toSorted(),
    rate: sum(({ published }) => published.perSecond(atMs, RATE_MS)),
    subscriptions: Math.max(0, ...publishing.map(({ channel }) => channel.subscriptions ?? 0)),
    toNobody: sum(({ nobody }) => nobody.sum(atMs)),
    failed: sum(({ failed }) => failed.sum(atMs)),
    handlers: handlers
      .filter(({ targets }) => targets.some((target) => covers(target, name)))
      .map(({ key }) => key),
  };
}

const globs = new Map<string, RedisGlob>();
const MAX_GLOBS = 1_000;

/**
 * Whether a target takes what is published to a channel or to a template. A parameter of a template stands for any text, so one
 * side is compared as the other one writes it.
 */
export function covers(target: string, name: string): boolean {
  if (target === name) return true;
  const sample = name.replaceAll(PARAM, 'x');
  return globOf(target.replaceAll(PARAM, '*')).matches(sample);
}

const PARAM = /<[^<>]+>/g;

function globOf(target: string): RedisGlob {
  let glob = globs.get(target);
  if (glob === undefined) {
    if (globs.size >= MAX_GLOBS) globs.clear();
    glob = new RedisGlob(target);
    globs.set(target, glob);
  }
  return glob;
}

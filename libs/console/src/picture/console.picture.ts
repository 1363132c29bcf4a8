import type { InstanceDirectory, KnownInstance, Report } from 'nestjs-redis-event-bus/reporting';
import { instanceKey } from 'nestjs-redis-event-bus/reporting';
import type { EventContext } from 'nestjs-redis-event-bus';
import type { ConsoleFrame, ConsoleLink, ShownChannel, ShownHandler } from '../frame.js';
import { channelList } from './channel.list.js';
import { handlerList } from './handler.list.js';
import { shownInstance } from './instance.list.js';
import type { RatePoint } from './rate.history.js';
import { RateHistoryRecord } from './rate.history.js';
import { TailLog } from './tail.log.js';
import { TroubleLog } from './trouble.log.js';
import { WatchedInstance } from './watched.instance.js';

const MAX_INSTANCES = 100;
const MAX_CHANNELS = 60;
const MAX_HANDLERS = 100;

/** What all reports say together, as one frame after the other. */
export class ConsolePicture {
  private readonly watched = new Map<string, WatchedInstance>();
  private readonly history = new RateHistoryRecord();
  private readonly troubles = new TroubleLog();
  private readonly tail = new TailLog();
  private readonly watchedSinceMs: number;

  constructor(
    private readonly directory: InstanceDirectory,
    private readonly now: () => number = Date.now,
  ) {
    this.watchedSinceMs = now();
  }

  take(report: Report): void {
    const atMs = this.now();
    const key = instanceKey(report);
    const watched = this.watched.get(key);
    if (watched === undefined) this.watched.set(key, new WatchedInstance(report));
    else watched.take(report, atMs);
    this.troubles.take(key, report, atMs);
    this.tail.take(report);
  }

  /** An event that the console has subscribed to itself. */
  heard(payload: unknown, event: EventContext): void {
    this.tail.heard(payload, event);
  }

  /** The next frame. Called once a second. */
  next(link: ConsoleLink): ConsoleFrame {
    const atMs = this.now();
    const known = this.directory.instances();
    this.forgetOthers(known);
    for (const instance of known) this.troubles.judge(instance, atMs);
    const present = known.filter(({ state }) => state !== 'silent' && state !== 'gone');
    const reporting = present.flatMap(({ key }) => this.watched.get(key) ?? []);
    const handlers = handlerList(reporting, atMs);
    const channels = channelList(reporting, handlers, atMs);
    const unheard = channels.filter(({ rate, subscriptions }) => rate > 0 && subscriptions === 0);
    this.troubles.unheardNow(
      unheard.map(({ name }) => name),
      atMs,
    );
    if (link.isLive) this.history.add(atMs, pointsOf(channels, handlers));
    const instances = known.map((each) => shownInstance(each, this.watched.get(each.key), atMs));
    const total = (part: 'published' | 'handled') => instances.reduce((sum, each) => sum + each[part], 0);
    return {
      atMs,
      link,
      totals: {
        instances: present.length,
        published: total('published'),
        handled: total('handled'),
        gaps: this.troubles.gapsInHour(atMs),
        watchedSinceMs: this.watchedSinceMs,
      },
      instances: instances.slice(0, MAX_INSTANCES),
      channels: busiest(channels, MAX_CHANNELS, ({ name }) => name),
      handlers: busiest(handlers, MAX_HANDLERS, ({ key }) => key),
      rates: this.history.read(),
      troubles: this.troubles.read().slice(0, 50),
      tail: this.tail.drain(),
      leftOut: leftOut({
        instances: instances.length - MAX_INSTANCES,
        channels: channels.length - MAX_CHANNELS,
        handlers: handlers.length - MAX_HANDLERS,
      }),
    };
  }

  /** A frame for a viewer who has seen none, with the events that others have seen. */
  first(frame: ConsoleFrame): ConsoleFrame {
    return { ...frame, tail: { rows: this.tail.recent(), notShown: 0 } };
  }

  private forgetOthers(known: readonly KnownInstance[]): void {
    const keys = new Set(known.map(({ key }) => key));
    for (const key of this.watched.keys()) if (!keys.has(key)) this.watched.delete(key);
    this.troubles.forgetOthers(keys);
  }
}

/** In an order in which no row moves while somebody reads. */
function busiest<T extends { readonly rate: number }>(
  list: readonly T[],
  max: number,
  nameOf: (each: T) => string,
): T[] {
  const byName = (a: T, b: T) => (nameOf(a) < nameOf(b) ? -1 : 1);
  return list
    .toSorted((a, b) => b.rate - a.rate)
    .slice(0, max)
    .toSorted(byName);
}

function pointsOf(
  channels: readonly ShownChannel[],
  handlers: readonly ShownHandler[],
): readonly RatePoint[] {
  const byTarget = new Map<string, number>();
  for (const { targets, rate } of handlers) {
    const label = targets.join(', ');
    byTarget.set(label, (byTarget.get(label) ?? 0) + rate);
  }
  return [
    ...channels.map(({ name, rate }) => ({ label: name, isPublished: true, perSecond: rate })),
    ...[...byTarget].map(([label, perSecond]) => ({ label, isPublished: false, perSecond })),
  ].filter(({ perSecond }) => perSecond > 0);
}

function leftOut(counts: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${what}`);
}

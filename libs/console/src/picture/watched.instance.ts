import type { Report } from 'nestjs-redis-event-bus/reporting';
import { Growth } from './growth.js';
import { RateWindow } from './rate.window.js';

/** Rates are those of this time. */
export const RATE_MS = 5_000;
const MAX_NAMES = 200;

/** What one service published to one channel or template. */
export interface WatchedChannel {
  readonly published: RateWindow;
  readonly nobody: RateWindow;
  readonly failed: RateWindow;
  subscriptions: number | undefined;
}

/** What one handler of one instance did. */
export interface WatchedHandler {
  readonly calls: RateWindow;
  readonly measured: RateWindow;
  readonly tookMs: RateWindow;
}

/** What the reports of one instance say together: a report has totals, and rates are what lies between two. */
export class WatchedInstance {
  readonly service: string;
  readonly published = new RateWindow();
  readonly handled = new RateWindow();
  readonly channels = new Map<string, WatchedChannel>();
  readonly handlers = new Map<string, WatchedHandler>();
  latest: Report;
  private readonly growth = new Growth<string>();

  constructor(first: Report) {
    this.service = first.instance.service;
    this.latest = first;
    this.take(first, 0);
  }

  /** @param atMs by the clock of the console: those of services differ */
  take(report: Report, atMs: number): void {
    this.latest = report;
    // In the first report since somebody watches, everything since the start is new.
    const coversMs = report.coversMs;
    // What is missing in a complete list was not there before.
    const isComplete = coversMs > 0 && report.leftOut?.published === undefined;
    const reported = new Set<string>();
    const add = (window: RateWindow, key: string, total: number) => {
      reported.add(key);
      const amount = this.growth.of(key, total, isComplete ? 0 : total);
      if (coversMs > 0) window.add(atMs, amount, coversMs);
    };
    add(this.published, 'published', report.counters.published);
    add(this.handled, 'handled', report.counters.handled);
    this.forgetQuiet(atMs);
    for (const { name, published, nobody, failed, subscriptions } of report.published.top) {
      const channel = this.channel(name);
      if (channel === undefined) continue;
      add(channel.published, `published ${name}`, published);
      add(channel.nobody, `nobody ${name}`, nobody);
      add(channel.failed, `failed ${name}`, failed);
      channel.subscriptions = subscriptions;
    }
    for (const { handler: name, targets, handled, failed, durations } of report.handlers) {
      const key = handlerKey(name, targets);
      const handler = this.handler(key);
      if (handler === undefined) continue;
      add(handler.calls, `calls ${key}`, handled + failed);
      add(handler.measured, `measured ${key}`, durations?.calls ?? 0);
      add(handler.tookMs, `tookMs ${key}`, durations?.tookMs ?? 0);
    }
    this.growth.forget((key) => !reported.has(key));
  }

  /** Where channels come and go, the new ones need the place of the old ones. */
  private forgetQuiet(atMs: number): void {
    if (this.channels.size < MAX_NAMES) return;
    for (const [name, { published, failed }] of this.channels) {
      if (published.sum(atMs) + failed.sum(atMs) > 0) continue;
      this.channels.delete(name);
    }
  }

  private channel(name: string): WatchedChannel | undefined {
    return known(this.channels, name, () => ({
      published: new RateWindow(),
      nobody: new RateWindow(),
      failed: new RateWindow(),
      subscriptions: undefined,
    }));
  }

  private handler(key: string): WatchedHandler | undefined {
    return known(this.handlers, key, () => ({
      calls: new RateWindow(),
      measured: new RateWindow(),
      tookMs: new RateWindow(),
    }));
  }
}

/** Listeners that were added at run time share one name. */
export function handlerKey(name: string, targets: readonly string[]): string {
  return `${name} ${targets.join(' ')}`;
}

/** Undefined when there are too many: who reports may be anybody. */
function known<T>(map: Map<string, T>, name: string, make: () => T): T | undefined {
  let value = map.get(name);
  if (value === undefined && map.size < MAX_NAMES) {
    value = make();
    map.set(name, value);
  }
  return value;
}

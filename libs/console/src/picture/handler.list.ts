import type { HandlerSnapshot } from 'nestjs-redis-event-bus';
import type { ShownHandler } from '../frame.js';
import type { WatchedInstance } from './watched.instance.js';
import { RATE_MS, handlerKey } from './watched.instance.js';

interface Occurrence {
  readonly watched: WatchedInstance;
  readonly snapshot: HandlerSnapshot;
}

/** Each handler once for a service, over its instances. */
export function handlerList(instances: readonly WatchedInstance[], atMs: number): ShownHandler[] {
  const byKey = new Map<string, Occurrence[]>();
  for (const watched of instances) {
    for (const snapshot of watched.latest.handlers) {
      const key = `${watched.service} ${handlerKey(snapshot.handler, snapshot.targets)}`;
      const occurrences = byKey.get(key) ?? [];
      occurrences.push({ watched, snapshot });
      byKey.set(key, occurrences);
    }
  }
  return [...byKey].map(([key, occurrences]) => shownHandler(key, occurrences, atMs));
}

function shownHandler(key: string, occurrences: readonly Occurrence[], atMs: number): ShownHandler {
  // A key exists with its first occurrence.
  const { watched, snapshot } = occurrences[0]!;
  const sum = (read: (occurrence: Occurrence) => number) =>
    occurrences.reduce((total, occurrence) => total + read(occurrence), 0);
  const windows = occurrences.flatMap((each) => each.watched.handlers.get(keyOf(each)) ?? []);
  const measured = windows.reduce((total, window) => total + window.measured.sum(atMs, RATE_MS), 0);
  const tookMs = windows.reduce((total, window) => total + window.tookMs.sum(atMs, RATE_MS), 0);
  const slowest = occurrences.flatMap((each) => each.snapshot.durations?.slowestMs ?? []);
  return {
    key,
    service: watched.service,
    handler: snapshot.handler,
    targets: snapshot.targets,
    subscriptions: [...new Set(occurrences.flatMap((each) => each.snapshot.subscriptions))],
    instances: occurrences.length,
    rate: windows.reduce((total, window) => total + window.calls.perSecond(atMs, RATE_MS), 0),
    ...(measured === 0 ? {} : { tookMs: tookMs / measured }),
    ...(slowest.length === 0 ? {} : { slowestMs: Math.max(...slowest) }),
    waiting: sum((each) => each.snapshot.waiting),
    running: sum((each) => each.snapshot.running),
    handled: sum((each) => each.snapshot.handled),
    failed: sum((each) => each.snapshot.failed),
    dropped: sum((each) => each.snapshot.dropped),
  };
}

function keyOf({ snapshot: { handler, targets } }: Occurrence): string {
  return handlerKey(handler, targets);
}

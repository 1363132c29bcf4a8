import type { KnownInstance, Report } from 'nestjs-redis-event-bus/reporting';
import type { ShownInstance } from '../frame.js';
import type { WatchedInstance } from './watched.instance.js';
import { RATE_MS } from './watched.instance.js';

/** One row of the list. */
export function shownInstance(
  known: KnownInstance,
  watched: WatchedInstance | undefined,
  atMs: number,
): ShownInstance {
  const { instance, state, report, heardAgoMs, sharesId } = known;
  const { id, service, host, pid, version, startedAt } = instance;
  const isThere = state !== 'silent' && state !== 'gone';
  const rate = (part: 'published' | 'handled') =>
    isThere ? (watched?.[part].perSecond(atMs, RATE_MS) ?? 0) : 0;
  const roundTripMs = slowest(report);
  const reason = reasonOf(report, sharesId);
  return {
    key: known.key,
    service,
    id: id.slice(0, 8),
    host,
    pid,
    ...(version === undefined ? {} : { version }),
    state,
    ...(reason === undefined ? {} : { reason }),
    startedAtMs: Date.parse(startedAt) || atMs,
    lastSeenAtMs: atMs - heardAgoMs,
    published: rate('published'),
    handled: rate('handled'),
    ...(roundTripMs === undefined ? {} : { roundTripMs }),
    subscriptions: subscriptionsOf(report),
    waiting: report?.handlers.reduce((sum, { waiting }) => sum + waiting, 0) ?? 0,
    missed: report?.counters.missed ?? 0,
    gaps: report?.counters.gaps ?? 0,
  };
}

function reasonOf(report: Report | undefined, sharesId: boolean): string | undefined {
  return sharesId ? 'another process reports with the same id' : report?.reason;
}

function slowest(report: Report | undefined): number | undefined {
  const known = report?.links.flatMap(({ roundTripMs }) => roundTripMs ?? []) ?? [];
  return known.length === 0 ? undefined : Math.max(...known);
}

function subscriptionsOf(report: Report | undefined): ShownInstance['subscriptions'] {
  const all = report?.subscriptions ?? [];
  const count = (state: string) => all.filter((subscription) => subscription.state === state).length;
  return { wanted: all.length, active: count('active'), denied: count('denied') };
}

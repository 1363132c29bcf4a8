import type { HandlerDurations } from '../dispatching/handler.totals.js';
import type { EventBusInstance } from '../introspection/bus.instance.js';
import type { HandlerSnapshot, SubscriptionSnapshot } from '../introspection/event-bus.inspector.js';
import type { EventBusCounters } from '../observing/event-bus.counters.js';
import { NO_COUNTS } from '../observing/event-bus.counters.js';
import type { TransportLink } from '../transports/transport.facets.js';
import type * as parts from './report.js';
import { REPORT_VERSION } from './report.js';
import type { ShapeReader } from './shape.reader.js';
import { anyNumber, count, fields, flag, list, literal, maybe, shortText, text } from './shape.reader.js';

/** These are kept for as long as an instance is known. Senders cut them at this length. */
export const MAX_NAME_LENGTH = 256;

const name = shortText(MAX_NAME_LENGTH);
const state = literal('connecting', 'ready', 'degraded', 'closed');

const instance = fields<EventBusInstance>({
  id: name,
  service: name,
  version: maybe(name),
  host: name,
  pid: count,
  startedAt: name,
});

const durations = fields<HandlerDurations>({
  calls: count,
  tookMs: count,
  slowestMs: count,
  waitedMs: count,
});

const handler = fields<HandlerSnapshot>({
  handler: text,
  targets: list(text),
  subscriptions: list(text),
  running: count,
  waiting: count,
  waitingBytes: count,
  dropped: count,
  handled: count,
  failed: count,
  repeated: count,
  rejected: count,
  leftToGroup: count,
  durations: maybe(durations),
  oldestCallMs: maybe(count),
});

const subscription = fields<SubscriptionSnapshot>({
  kind: literal('channel', 'pattern', 'shard'),
  target: text,
  state: literal('wanted', 'pending', 'active', 'denied', 'lost'),
  reason: maybe(text),
});

const counterReaders = Object.fromEntries(Object.keys(NO_COUNTS).map((key) => [key, count])) as Record<
  keyof EventBusCounters,
  ShapeReader<number>
>;

const counters = fields<parts.ReportCounters>({
  ...counterReaders,
  received: count,
  unmatched: count,
  unsequenced: count,
});

const link = fields<TransportLink>({
  role: text,
  node: maybe(text),
  isUp: flag,
  provedAgoMs: maybe(count),
  roundTripMs: maybe(count),
});

const gap = fields<parts.ReportedGap>({
  reason: literal(
    'connection-lost',
    'subscription-lost',
    'subscription-denied',
    'started-late',
    'events-missed',
    'buffer-overflow',
  ),
  targets: list(text),
  fromMs: anyNumber,
  toMs: anyNumber,
  missed: maybe(count),
});

const publishCount = { published: count, nobody: count, failed: count };

const published = fields<parts.PublishedTotals>({
  top: list(
    fields<parts.PublishedTo>({
      name: text,
      isTemplate: flag,
      kind: literal('channel', 'shard'),
      subscriptions: maybe(count),
      ...publishCount,
    }),
  ),
  rest: fields<parts.PublishCount>(publishCount),
});

const tailEntry = fields<parts.TailEntry>({
  what: literal('published', 'handled', 'failed'),
  atMs: anyNumber,
  channel: maybe(text),
  target: maybe(text),
  id: maybe(text),
  handler: maybe(text),
  attempt: maybe(count),
  tookMs: count,
  waitedMs: maybe(count),
  subscriptions: maybe(count),
  error: maybe(text),
  bytes: maybe(count),
  payload: maybe(text),
  isHidden: maybe(literal(true)),
});

const leftOut = fields<parts.LeftOut>({
  tail: maybe(count),
  published: maybe(count),
  gaps: maybe(count),
  subscriptions: maybe(count),
  handlers: maybe(count),
  links: maybe(count),
});

const said = { v: literal(REPORT_VERSION), instance, bus: maybe(name) };

/** Reads each type of message. */
export const REPORT_SHAPES = {
  hello: fields<parts.Hello>({ ...said, type: literal('hello'), state }),
  bye: fields<parts.Bye>({ ...said, type: literal('bye') }),
  report: fields<parts.Report>({
    ...said,
    type: literal('report'),
    state,
    reason: maybe(text),
    atMs: anyNumber,
    coversMs: count,
    transport: fields<parts.Report['transport']>({ name: text, address: text }),
    codec: text,
    prefix: text,
    handlers: list(handler),
    subscriptions: list(subscription),
    counters,
    links: list(link),
    gaps: list(gap),
    published,
    tail: list(tailEntry),
    leftOut: maybe(leftOut),
  }),
};

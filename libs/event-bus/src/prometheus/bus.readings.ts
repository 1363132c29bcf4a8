import type { BusCounts } from './bus.counts.js';
import type { BusState } from './bus.state.js';
import type { Histogram } from './histogram.js';
import type { MetricKey } from './metric.definitions.js';

/** One line of a scrape, without the label of the bus. */
export interface Reading {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** What is appended to the name of the metric. */
  readonly suffix?: string;
}

type Lines = Iterable<Reading>;

/** The lines of each metric of one bus. */
export const READINGS: Readonly<Record<MetricKey, (counts: BusCounts, state: BusState) => Lines>> = {
  *published({ publishes }) {
    for (const { kind, template, outcomes } of publishes.entries())
      yield* byLabel('outcome', outcomes, { channel_template: template, kind });
  },
  *received({ receives }) {
    for (const [target, { events }] of receives.entries()) yield { labels: { target }, value: events };
  },
  *handled({ handlers }) {
    for (const [handler, { targets }] of handlers)
      for (const [target, { ok, failed, ...rare }] of targets) {
        yield* byLabel('outcome', { ok, failed }, { handler, target });
        yield* withoutZeros(byLabel('outcome', rare, { handler, target }));
      }
  },
  *retries({ handlers }) {
    for (const [handler, { retries }] of handlers)
      if (retries > 0) yield { labels: { handler }, value: retries };
  },
  *duration({ handlers }) {
    for (const [handler, { durations }] of handlers) yield* linesOf(durations, { handler });
  },
  wait: ({ waits }) => linesOf(waits),
  rejected: ({ rejections }) => byLabel('reason', rejections),
  *dropped({ handlers }) {
    for (const [handler, { dropped }] of handlers) yield { labels: { handler }, value: dropped };
  },
  streamDropped: ({ streamDrops }) => one(streamDrops),
  *leftToGroup({ handlers }) {
    for (const [handler, { leftToGroup }] of handlers)
      if (leftToGroup > 0) yield { labels: { handler }, value: leftToGroup };
  },
  deadLetters: ({ letters }) => byLabel('outcome', letters),
  gaps: ({ gapsByReason }) => byLabel('reason', gapsByReason),
  missed: ({ missedEvents }) => one(missedEvents),
  stuck: ({ stuckCalls }) => byLabel('call', stuckCalls),
  *handlerStuck({ handlers }) {
    for (const [handler, { isStuck }] of handlers) if (isStuck) yield { labels: { handler }, value: 1 };
  },
  waiting(_counts, { snapshot }) {
    const sums: Record<string, number> = {};
    for (const { handler, waiting } of snapshot.handlers) sums[handler] = (sums[handler] ?? 0) + waiting;
    return byLabel('handler', sums);
  },
  running: (_counts, { snapshot }) => one(snapshot.handlers.reduce((sum, { running }) => sum + running, 0)),
  *subscriptions(_counts, { snapshot }) {
    for (const kind of ['channel', 'pattern', 'shard'] as const) {
      const states = { wanted: 0, pending: 0, active: 0, denied: 0, lost: 0 };
      const ofKind = snapshot.subscriptions.filter((subscription) => subscription.kind === kind);
      for (const { state } of ofKind) states[state] += 1;
      if (ofKind.length > 0) yield* byLabel('state', states, { kind });
    }
  },
  ready: (_counts, { snapshot }) => one(snapshot.status === 'ready' ? 1 : 0),
  *linkUp(_counts, { snapshot }) {
    for (const { role, node, isUp } of snapshot.links)
      yield { labels: linkLabels(role, node), value: isUp ? 1 : 0 };
  },
  *linkRoundTrip(_counts, { snapshot }) {
    for (const { role, node, roundTripMs } of snapshot.links)
      if (roundTripMs !== undefined) yield { labels: linkLabels(role, node), value: roundTripMs / 1_000 };
  },
};

function one(value: number): Lines {
  return [{ labels: {}, value }];
}

function* byLabel(label: string, values: object, labels: Reading['labels'] = {}): Generator<Reading> {
  for (const [name, value] of Object.entries(values) as [string, number][])
    yield { labels: { ...labels, [label]: name }, value };
}

function* linesOf(histogram: Histogram, labels: Reading['labels'] = {}): Generator<Reading> {
  for (const { suffix, le, value } of histogram.lines())
    yield { suffix, labels: le === undefined ? labels : { ...labels, le }, value };
}

function* withoutZeros(lines: Lines): Generator<Reading> {
  for (const line of lines) if (line.value > 0) yield line;
}

function linkLabels(link: string, node: string | undefined): Reading['labels'] {
  return node === undefined ? { link } : { link, node };
}

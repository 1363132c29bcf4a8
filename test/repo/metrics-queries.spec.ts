import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { MetricDefinition } from '../../libs/event-bus/src/prometheus/metric.definitions.js';
import { METRICS } from '../../libs/event-bus/src/prometheus/metric.definitions.js';

/** What Prometheus itself adds to every line. */
const ADDED = ['instance', 'job'];

const definitions = new Map<string, MetricDefinition>(
  (Object.values(METRICS) as readonly MetricDefinition[]).flatMap((definition) => {
    const suffixes = definition.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    return suffixes.map((suffix) => [`event_bus_${definition.name}${suffix}`, definition] as const);
  }),
);

function labelsOf(metric: string): readonly string[] {
  const { labels = [] } = definitions.get(metric) ?? {};
  return [...ADDED, 'bus', ...labels, ...(metric.endsWith('_bucket') ? ['le'] : [])];
}

/** What is wrong with a query: metrics and labels that do not exist, and totals that are not turned into a rate. */
function problemsOf(query: string): readonly string[] {
  const problems: string[] = [];
  const known = new Set<string>();
  if ((query.match(/\(/g) ?? []).length !== (query.match(/\)/g) ?? []).length) problems.push('parentheses');
  for (const found of query.matchAll(/(\w+\()?(event_bus_\w+)(?:\{([^}]*)\})?(\[[^\]]+\])?/g)) {
    const [, call = '', metric = '', matchers = '', range] = found;
    if (!definitions.has(metric)) problems.push(`metric ${metric}`);
    const labels = labelsOf(metric);
    for (const label of labels) known.add(label);
    for (const [, label = ''] of matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g))
      if (!labels.includes(label)) problems.push(`label ${label} of ${metric}`);
    const isTotal = definitions.get(metric)?.type !== 'gauge';
    const isRate = (call === 'rate(' || call === 'increase(') && range !== undefined;
    if (isTotal !== isRate) problems.push(`${isTotal ? 'no ' : ''}rate of ${metric}`);
  }
  if (known.size === 0) problems.push('no metric');
  for (const [, list = ''] of query.matchAll(/\bby\s*\(([^)]*)\)/g))
    for (const label of list.split(',').map((name) => name.trim()))
      if (!known.has(label)) problems.push(`by ${label}`);
  return problems;
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string; readonly description: string };
}

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const read = (file: string) => readFileSync(`deploy/${file}`, 'utf8');
const { groups } = parse(read('event-bus.rules.yml')) as {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read('event-bus.dashboard.json')) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] };
};

describe('a query of a metric', () => {
  it.each<[string, string, string]>([
    [
      'names a metric that is not there',
      'sum(rate(event_bus_handeld_total[5m]))',
      'metric event_bus_handeld_total',
    ],
    ['matches a label that is not there', 'event_bus_ready{state="x"}', 'label state of event_bus_ready'],
    ['groups by a label that is not there', 'sum by (handler) (event_bus_ready)', 'by handler'],
    ['takes a total as it is', 'event_bus_gaps_total > 0', 'no rate of event_bus_gaps_total'],
    ['takes the rate of a gauge', 'rate(event_bus_ready[5m])', 'rate of event_bus_ready'],
    ['has an open parenthesis', 'sum(event_bus_ready', 'parentheses'],
    ['names no metric', 'up == 0', 'no metric'],
    [
      'takes a histogram without its buckets',
      'rate(event_bus_handler_wait_seconds[5m])',
      'metric event_bus_handler_wait_seconds',
    ],
  ])('is refused here when it %s', (_what, query, problem) => {
    expect(problemsOf(query)).toContain(problem);
  });
});

describe('deploy/event-bus.rules.yml', () => {
  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s asks for metrics that exist',
    (_alert, rule) => {
      expect(problemsOf(rule.expr)).toEqual([]);
      expect(rule.annotations.description).toMatch(/\.$/);
      // What its text names is there after the grouping.
      const kept = /by \(([^)]*)\)/.exec(rule.expr)?.[1] ?? 'instance, job, bus';
      for (const [, label = ''] of rule.annotations.summary.matchAll(/\$labels\.(\w+)/g))
        expect(kept).toContain(label);
    },
  );

  it('warns of gaps, missed and dropped events, denied subscriptions, stuck handlers, and a bus that is not ready', () => {
    expect(rules.map(({ alert }) => alert)).toEqual(
      expect.arrayContaining([
        'EventBusNotReady',
        'EventBusGap',
        'EventBusMissed',
        'EventBusSubscriptionDenied',
        'EventBusDropped',
        'EventBusHandlerStuck',
      ]),
    );
  });
});

describe('docs/operating.md', () => {
  const page = readFileSync('docs/operating.md', 'utf8');
  /** The first cell of each row that begins with code. */
  const cellsBetween = (first: string, last: string) =>
    page
      .slice(page.indexOf(`\n${first}\n`), page.indexOf(`\n${last}\n`))
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.split(' | ')[0]!);

  it('has each metric', () => {
    const named = cellsBetween('## Metrics', '### Dashboard').flatMap((cell) =>
      [...cell.matchAll(/`(\w+)(?:\{[^}]*\})?`/g)].map(([, name]) => String(name)),
    );
    const all = (Object.values(METRICS) as readonly MetricDefinition[]).map(({ name }) => name);
    expect(named.toSorted()).toEqual(all.toSorted());
  });

  it('has each alert, in the order of the rules', () => {
    const named = cellsBetween('### Alerts', '### Try it').map((cell) => /`(\w+)`/.exec(cell)?.[1]);
    expect(named).toEqual(rules.map(({ alert }) => alert));
  });
});

describe('deploy/event-bus.dashboard.json', () => {
  const queries = dashboard.panels.flatMap(({ title, targets }) =>
    targets.map(({ expr, legendFormat }) => [title, expr, legendFormat] as const),
  );

  it.each(queries)('%s asks for metrics that exist', (_title, expr, legend) => {
    expect(problemsOf(expr)).toEqual([]);
    const kept = /by \(([^)]*)\)/.exec(expr)?.[1] ?? '';
    for (const [, label = ''] of legend.matchAll(/\{\{(\w+)\}\}/g)) expect(kept).toContain(label);
  });

  it('fills its variables from labels that exist', () => {
    for (const { name, query } of dashboard.templating.list.filter(({ name }) => name !== 'datasource'))
      expect(query).toBe(`label_values(event_bus_ready, ${name})`);
  });
});

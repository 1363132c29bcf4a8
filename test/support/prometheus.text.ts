/** One line with a number. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One metric with its lines. */
export interface MetricText {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly Sample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/;
const NUMBER = /^(?:[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[+-]Inf|NaN)$/;

/**
 * Reads the text format of Prometheus (version 0.0.4), stricter than Prometheus does.
 *
 * @throws when a line is malformed, a metric has no HELP or TYPE, lines are there twice, or a histogram does not add up
 */
export function parseMetrics(text: string): ReadonlyMap<string, MetricText> {
  if (!text.endsWith('\n')) throw new Error('The last line has no end.');
  const metrics = new Map<string, MetricText & { readonly samples: Sample[] }>();
  let help: readonly [string, string] | undefined;
  let current: (MetricText & { readonly samples: Sample[] }) | undefined;
  const seen = new Set<string>();
  for (const line of text.split('\n')) {
    const [, comment, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (comment === 'HELP') {
      help = [name, rest];
    } else if (comment === 'TYPE') {
      if (help?.[0] !== name) throw new Error(`${name} has no HELP.`);
      if (metrics.has(name)) throw new Error(`${name} is there twice.`);
      if (!/^(counter|gauge|histogram|summary)$/.test(rest)) throw new Error(`${name} has the type ${rest}.`);
      current = { name, help: help[1], type: rest, samples: [] };
      metrics.set(name, current);
    } else if (line !== '') {
      const sample = parseSample(line);
      const key = keyOf(sample);
      if (current === undefined || !belongsTo(current, sample)) throw new Error(`Of no metric: ${line}`);
      if (seen.has(key)) throw new Error(`There twice: ${line}`);
      seen.add(key);
      current.samples.push(sample);
    }
  }
  for (const metric of metrics.values()) {
    if (metric.type === 'counter' && !metric.name.endsWith('_total'))
      throw new Error(`${metric.name} is a counter and does not end with _total.`);
    if (metric.type === 'histogram') checkHistogram(metric);
  }
  return metrics;
}

/** The sum of the lines of this name that have these labels. Undefined if there is none. */
export function sumOf(
  metrics: ReadonlyMap<string, MetricText>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = [...metrics.values()]
    .flatMap(({ samples }) => samples)
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value));
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
}

function parseSample(line: string): Sample {
  const [, name = '', inner = '', number = ''] = /^([^{ ]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (!NAME.test(name) || !NUMBER.test(number)) throw new Error(`Malformed: ${line}`);
  const labels: Record<string, string> = {};
  for (let rest = inner; rest !== '';) {
    const [whole, label, value] = LABEL.exec(rest) ?? [];
    if (whole === undefined || label === undefined || value === undefined || label in labels)
      throw new Error(`Malformed labels: ${line}`);
    labels[label] = value.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
    rest = rest.slice(whole.length);
  }
  return { name, labels, value: Number(number.replace('Inf', 'Infinity')) };
}

function belongsTo({ name, type }: MetricText, sample: Sample): boolean {
  const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  return suffixes.some((suffix) => sample.name === `${name}${suffix}`);
}

function checkHistogram({ name, samples }: MetricText): void {
  const series = new Map<string, Sample[]>();
  for (const sample of samples) {
    const { le: _le, ...labels } = sample.labels;
    const key = keyOf({ name, labels });
    series.set(key, [...(series.get(key) ?? []), sample]);
  }
  for (const [key, lines] of series) {
    const buckets = lines.filter((line) => line.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => Number(labels['le']?.replace('Inf', 'Infinity')));
    const counts = buckets.map(({ value }) => value);
    const count = lines.find((line) => line.name === `${name}_count`)?.value;
    if (!isAscending(bounds, true) || !isAscending(counts, false)) throw new Error(`Buckets of ${key}.`);
    if (bounds.at(-1) !== Infinity || counts.at(-1) !== count) throw new Error(`The last bucket of ${key}.`);
    if (!lines.some((line) => line.name === `${name}_sum`)) throw new Error(`${key} has no sum.`);
  }
}

function isAscending(values: readonly number[], isStrict: boolean): boolean {
  return values.every((value, index) => {
    const before = values[index - 1] ?? -Infinity;
    return isStrict ? value > before : value >= before;
  });
}

function keyOf({ name, labels }: Pick<Sample, 'name' | 'labels'>): string {
  return JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

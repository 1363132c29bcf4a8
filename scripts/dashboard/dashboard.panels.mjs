/**
 * @typedef {object} PanelSeries
 * @property {string} name as the legend says
 * @property {readonly (number | null)[]} values one for each time
 */

/**
 * Asks Prometheus what Grafana would ask for a dashboard.
 *
 * @param {any} dashboard the parsed JSON
 * @param {import('./prometheus.server.mjs').PrometheusServer} prometheus
 * @param {{ start: number, end: number, stepS: number }} period in seconds
 * @returns {Promise<{ times: number[], panels: object[], variables: Record<string, string[]>, silent: string[] }>}
 *   `silent`: the queries that gave no value
 */
export async function readDashboard(dashboard, prometheus, period) {
  const variables = await variablesOf(dashboard, prometheus);
  const times = timesOf(period);
  const silent = [];
  const panels = [];
  for (const { title, description, type, gridPos, fieldConfig, targets } of dashboard.panels) {
    const series = [];
    for (const { expr, legendFormat } of targets) {
      const answer = await prometheus.range(expand(expr, variables, period), period);
      const found = answer.map(({ metric, values }) => ({
        name: legendOf(legendFormat, metric),
        values: aligned(times, values),
      }));
      const withValues = found.filter(({ values }) => values.some((value) => value !== null));
      if (withValues.length === 0) silent.push(`${title}: ${expr}`);
      series.push(...withValues);
    }
    panels.push({ title, description, type, gridPos, ...fieldConfig.defaults, series });
  }
  return { times, panels, variables, silent };
}

/** Each variable has all of its values, as with "All" in Grafana. */
async function variablesOf(dashboard, prometheus) {
  const variables = {};
  for (const { name, type, query } of dashboard.templating.list) {
    const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(query) ?? [];
    if (type === 'query') variables[name] = await prometheus.labelValues(metric, label);
  }
  return variables;
}

function expand(expr, variables, { stepS }) {
  // Grafana's rule, where the step is the scrape interval.
  let query = expr.replaceAll('$__rate_interval', `${4 * stepS}s`);
  for (const [name, values] of Object.entries(variables))
    query = query.replaceAll(`$${name}`, `(${values.join('|')})`);
  const [left] = /\$\w+/.exec(query) ?? [];
  if (left) throw new Error(`${left} in ${expr} is no variable of the dashboard.`);
  return query;
}

function timesOf({ start, end, stepS }) {
  return Array.from({ length: Math.floor((end - start) / stepS) + 1 }, (_, n) => start + n * stepS);
}

function aligned(times, values) {
  const byTime = new Map(values.map(([time, text]) => [time, Number(text)]));
  return times.map((time) => {
    const value = byTime.get(time);
    return Number.isFinite(value) ? value : null;
  });
}

function legendOf(format, metric) {
  return format.replaceAll(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? '').trim();
}

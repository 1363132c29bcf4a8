// npm run screenshots: the pictures of docs/images. Both sample services run with a Redis and a Prometheus that scrapes them, customers
// come, things go wrong, and each panel of the dashboard of deploy/ is drawn from what Prometheus answers to its queries.
// Fails when a query has no answer, or an alert is no valid rule.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { takePicture } from './dashboard/dashboard.picture.mjs';
import { readDashboard } from './dashboard/dashboard.panels.mjs';
import { PrometheusServer } from './dashboard/prometheus.server.mjs';
import { runTraffic } from './dashboard/troubled.traffic.mjs';
import { ensureCommand } from './debian.packages.mjs';
import { freePort } from './free.port.mjs';
import { startRedis } from './redis.finder.mjs';
import { Shop } from './shop.mjs';
import { ensureBuilt, ROOT } from './workspace.build.mjs';

const PERIOD_S = 150;
const STEP_S = 2;
const MAX_BYTES = 250_000;
const PICTURE = 'docs/images/dashboard.png';

for (const [command, elsewhere] of [
  ['prometheus', 'install Prometheus.'],
  ['chromium', 'install Chromium.'],
]) {
  ensureCommand(command, { packages: [command], elsewhere });
}
await ensureBuilt({ write: (line) => console.log(line), signal: new AbortController().signal });

const dashboard = JSON.parse(await readFile(join(ROOT, 'deploy/event-bus.dashboard.json'), 'utf8'));
const { reading, alerts } = await observeShop();
await takePicture(drawingOf(reading), join(ROOT, PICTURE));
report(reading, alerts, (await stat(join(ROOT, PICTURE))).size);

/** What Prometheus knows after a while of traffic. Nothing of it is left running. */
async function observeShop() {
  const opened = [];
  try {
    const redis = await startRedis(process.env);
    if (!redis) throw new Error('redis-server does not start.');
    opened.push(redis);
    const ports = { orders: await freePort(), notifications: await freePort() };
    const env = { ...process.env, NO_COLOR: '1', NEST_LOG_LEVEL: 'warn', NOTIFY_DELAY_MS: '120' };
    const shop = new Shop({ redisUrl: redis.url, ports, host: '127.0.0.1', env, write: () => undefined });
    opened.push(shop);
    const waiting = new AbortController();
    await shop.untilReady(waiting.signal);
    const targets = Object.fromEntries(
      Object.entries(ports).map(([job, port]) => [job, `127.0.0.1:${port}`]),
    );
    const prometheus = await PrometheusServer.start({ targets, intervalS: STEP_S });
    opened.push(prometheus);
    console.log(`Traffic for ${PERIOD_S} s.`);
    await runTraffic({ urls: shop.urls, redisUrl: redis.url, forMs: PERIOD_S * 1_000 });
    const end = Math.floor(Date.now() / 1_000 / STEP_S) * STEP_S;
    const period = { start: end - PERIOD_S, end, stepS: STEP_S };
    return {
      reading: await readDashboard(dashboard, prometheus, period),
      alerts: await prometheus.alerts(),
    };
  } finally {
    for (const one of opened.toReversed()) await one.stop();
  }
}

function drawingOf({ times, panels, variables }) {
  const facts = Object.entries(variables).map(([name, values]) => [name, values.join(', ')]);
  return {
    title: dashboard.title,
    facts: [...facts, ['last', `${PERIOD_S} s`]],
    note: 'Drawn by npm run screenshots from what Prometheus answered to the queries of deploy/event-bus.dashboard.json',
    times,
    panels,
  };
}

function report({ panels, silent }, alerts, bytes) {
  const problems = [
    ...silent.map((query) => `no answer: ${query}`),
    ...alerts.filter(({ health }) => health !== 'ok').map(({ name, lastError }) => `${name}: ${lastError}`),
  ];
  if (bytes > MAX_BYTES) problems.push(`${PICTURE} has ${bytes} bytes, more than ${MAX_BYTES}`);
  console.log(`${PICTURE}: ${panels.length} panels, ${bytes} bytes`);
  const raised = alerts
    .filter(({ state }) => state !== 'inactive')
    .map(({ name, state }) => `${name} (${state})`);
  console.log(`${alerts.length} alerts, of which this run raised: ${raised.join(', ') || 'none'}`);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { freePort } from '../free.port.mjs';
import { hasExited, readLines, spawnGuarded, stopProcess } from '../guarded.process.mjs';
import { ROOT } from '../workspace.build.mjs';

const START_TIMEOUT_MS = 15_000;

/** A Prometheus with the configuration of deploy/, for services at other addresses and with shorter intervals. */
export class PrometheusServer {
  #process;
  #folder;
  #url;

  constructor(process, folder, url) {
    this.#process = process;
    this.#folder = folder;
    this.#url = url;
  }

  /**
   * @param {object} options
   * @param {Readonly<Record<string, string>>} options.targets by job: host and port
   * @param {number} options.intervalS between two scrapes, and two evaluations of the alerts
   */
  static async start({ targets, intervalS }) {
    const folder = await mkdtemp(join(tmpdir(), 'prometheus-'));
    const config = join(folder, 'prometheus.yml');
    await writeFile(config, await configurationFor(targets, intervalS));
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawnGuarded(
      'prometheus',
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${address}`,
        '--log.level=error',
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    readLines(child, (line) => console.error(`[prometheus] ${line}`));
    const server = new PrometheusServer(child, folder, `http://${address}`);
    await server.#untilReady();
    return server;
  }

  /** @returns {Promise<readonly { metric: Record<string, string>, values: [number, string][] }[]>} */
  async range(query, { start, end, stepS }) {
    const { result } = await this.#ask('query_range', { query, start, end, step: stepS });
    return result;
  }

  /** The values of a label that a metric has, as `label_values()` of Grafana. */
  labelValues(metric, label) {
    return this.#ask(`label/${label}/values`, { 'match[]': metric });
  }

  /** @returns {Promise<readonly { name: string, state: string, health: string, lastError?: string }[]>} */
  async alerts() {
    const { groups } = await this.#ask('rules', { type: 'alert' });
    return groups.flatMap(({ rules }) => rules);
  }

  async stop() {
    await stopProcess(this.#process, 5_000);
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #ask(path, parameters) {
    const response = await fetch(`${this.#url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const { status, data, error } = await response.json();
    if (status !== 'success')
      throw new Error(`Prometheus refused ${path} ${JSON.stringify(parameters)}: ${error}`);
    return data;
  }

  async #untilReady() {
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    while (!(await isOk(`${this.#url}/-/ready`))) {
      if (hasExited(this.#process) || performance.now() > deadlineMs)
        throw new Error('Prometheus does not start. What it prints says why.');
      await delay(100);
    }
  }
}

async function configurationFor(targets, intervalS) {
  const config = parse(await readFile(join(ROOT, 'deploy/prometheus.yml'), 'utf8'));
  const interval = `${intervalS}s`;
  return stringify({
    ...config,
    global: { ...config.global, scrape_interval: interval, evaluation_interval: interval },
    rule_files: config.rule_files.map((file) => join(ROOT, 'deploy', file)),
    scrape_configs: config.scrape_configs.map((scrape) => ({
      ...scrape,
      static_configs: [{ targets: [targets[scrape.job_name]] }],
    })),
  });
}

async function isOk(url) {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

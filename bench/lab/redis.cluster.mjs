import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../scripts/free.port.mjs';
import { BenchServer } from './redis.server.mjs';

const MASTERS = 3;
const SLOTS = 16_384;
const FORMED_WITHIN_MS = 30_000;

/** A Redis Cluster of three masters without replicas. */
export class BenchCluster {
  constructor(servers, directory) {
    this.servers = servers;
    this.directory = directory;
  }

  /** Resolves when every node says that the cluster works. */
  static async start() {
    const directory = await mkdtemp(join(tmpdir(), 'bench-cluster-'));
    const cluster = new BenchCluster([], directory);
    try {
      for (let index = 0; index < MASTERS; index += 1)
        cluster.servers.push(await startNode(directory, index));
      await cluster.form();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** What contenders need to know to connect. */
  get place() {
    return { nodes: this.servers.map(({ port }) => ({ host: '127.0.0.1', port })) };
  }

  /** Where each of the shard channels is published. */
  async portsOf(channels) {
    const slots = await Promise.all(
      channels.map((channel) => this.servers[0].admin.cluster('KEYSLOT', channel)),
    );
    return slots.map((slot) => this.servers.findLast((_, index) => firstSlot(index) <= slot).port);
  }

  /** User and system time that the servers have used, in microseconds. */
  async cpuUs() {
    const each = await Promise.all(this.servers.map((server) => server.cpuUs()));
    return each.reduce((sum, cpuUs) => sum + cpuUs, 0);
  }

  async stop() {
    await Promise.all(this.servers.map((server) => server.stop()));
    await rm(this.directory, { recursive: true, force: true });
  }

  async form() {
    const [first, ...others] = this.servers;
    for (const [index, { admin }] of this.servers.entries()) {
      await admin.cluster('SET-CONFIG-EPOCH', index + 1);
      await admin.cluster('ADDSLOTSRANGE', firstSlot(index), firstSlot(index + 1) - 1);
    }
    for (const { port, busPort } of others) await first.admin.cluster('MEET', '127.0.0.1', port, busPort);
    const deadlineMs = performance.now() + FORMED_WITHIN_MS;
    while (!(await this.isFormed())) {
      if (performance.now() > deadlineMs) throw new Error('The nodes of the cluster do not find each other.');
      await delay(50);
    }
  }

  async isFormed() {
    const infos = await Promise.all(this.servers.map(({ admin }) => admin.cluster('INFO')));
    return infos.every(
      (info) => info.includes('cluster_state:ok') && info.includes(`cluster_size:${MASTERS}`),
    );
  }
}

async function startNode(directory, index) {
  const busPort = await freePort();
  const server = await BenchServer.start({
    dir: directory,
    'cluster-enabled': 'yes',
    'cluster-config-file': `nodes-${index}.conf`,
    'cluster-port': busPort,
  });
  return Object.assign(server, { busPort });
}

function firstSlot(index) {
  return Math.floor((index * SLOTS) / MASTERS);
}

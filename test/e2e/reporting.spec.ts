import { jest } from '@jest/globals';
import { redis as redisTransport } from 'nestjs-redis-event-bus';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.server.js';
import { ReportViewer } from '../support/report.viewer.js';
import { TcpProxy } from '../support/tcp.proxy.js';
import { NodeProcess } from './support/node.process.js';

jest.setTimeout(90_000);

const SERVICES = ['billing', 'mail', 'orders', 'stock'];
/** Three intervals of a hello, and some. */
const WITHIN = { timeoutMs: 30_000, intervalMs: 50 };

let redis: RedisServer;
let proxy: TcpProxy;
let viewer: ReportViewer;
const processes: NodeProcess[] = [];

beforeAll(async () => {
  redis = await RedisServer.start();
  proxy = await TcpProxy.start({ targetPort: Number(new URL(redis.url).port) });
});

afterAll(async () => {
  for (const process of processes) process.signal('SIGKILL');
  await Promise.all(processes.map(({ exited }) => exited));
  await viewer?.close();
  await proxy?.stop();
  await redis?.stop();
});

async function start(services: readonly string[], url = redis.url): Promise<NodeProcess> {
  const started = NodeProcess.start('test/e2e/support/reporter.worker.mjs', {
    REDIS_URL: url,
    SERVICES: services.join(','),
  });
  processes.push(started);
  await started.prints(/^ready$/m);
  return started;
}

/** `17 ready`, for each state that an instance is in. */
function counts(): Readonly<Record<string, number>> {
  const states = viewer.directory.instances().map(({ state }) => state);
  return Object.fromEntries([...new Set(states)].map((one) => [one, states.filter((s) => s === one).length]));
}

const inState = (wanted: string) => viewer.states.filter((state) => state.endsWith(` ${wanted}`));

describe('20 instances of four services', () => {
  it('are known to a viewer, also when two are killed, one is cut off, and the others shut down', async () => {
    const many = await start([...SERVICES, ...SERVICES, ...SERVICES, ...SERVICES, 'stock']);
    const killed = [await start(['billing']), await start(['mail'])];
    await start(['orders'], `redis://127.0.0.1:${proxy.port}`);
    viewer = await ReportViewer.open(redisTransport({ url: redis.url }));
    await eventually(() => expect(counts()).toEqual({ ready: 20 }), WITHIN);
    const services = viewer.directory.instances().map(({ instance }) => instance.service);
    expect(services).toEqual(SERVICES.flatMap((service) => Array.from({ length: 5 }, () => service)));
    await eventually(
      () => expect(viewer.directory.instances().every(({ report }) => report !== undefined)).toBe(true),
      WITHIN,
    );

    for (const one of killed) one.signal('SIGKILL');
    proxy.pause();
    await eventually(() => expect(counts()).toEqual({ ready: 17, silent: 3 }), WITHIN);
    expect(inState('silent')).toEqual(['billing silent', 'mail silent', 'orders silent']);

    proxy.resume();
    await eventually(() => expect(counts()).toEqual({ ready: 18, silent: 2 }), WITHIN);
    expect(inState('silent')).toEqual(['billing silent', 'mail silent']);

    await many.stop();
    const ended = () => viewer.directory.instances().filter(({ saidBye }) => saidBye);
    await eventually(() => expect(ended()).toHaveLength(17), WITHIN);
    expect(inState('ready')).toEqual(['orders ready']);
    expect(Object.values(viewer.directory.ignored).every((count) => count === 0)).toBe(true);
  });
});

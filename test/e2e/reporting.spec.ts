import { jest } from '@jest/globals';
import { redis as redisTransport } from 'nestjs-redis-event-bus';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.server.js';
import { ReportViewer } from '../support/report.viewer.js';
import { TcpProxy } from '../support/tcp.proxy.js';
import { CommandProcess } from './support/command.process.js';
import { NodeProcess } from './support/node.process.js';

jest.setTimeout(90_000);

const SERVICES = ['billing', 'mail', 'orders', 'stock'];
/** Three intervals of a hello, and some. */
const WITHIN = { timeoutMs: 30_000, intervalMs: 50 };

let redis: RedisServer;
let proxy: TcpProxy;
let viewer: ReportViewer;
let watching: CommandProcess;
const processes: NodeProcess[] = [];

beforeAll(async () => {
  redis = await RedisServer.start();
  proxy = await TcpProxy.start({ targetPort: Number(new URL(redis.url).port) });
});

afterAll(async () => {
  for (const process of processes) process.signal('SIGKILL');
  await Promise.all(processes.map(({ exited }) => exited));
  await viewer?.close();
  await watching?.interrupt();
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

interface Shown {
  readonly service: string;
  readonly pid: number;
  readonly state: string;
  readonly saidBye: boolean;
}

/** `17 ready`, for each state that an instance is in. */
function counts(shown: readonly Shown[] = known()): Readonly<Record<string, number>> {
  const states = shown.map(({ state }) => state);
  return Object.fromEntries([...new Set(states)].map((one) => [one, states.filter((s) => s === one).length]));
}

const known = (): readonly Shown[] =>
  viewer.directory.instances().map(({ instance, state, saidBye }) => ({ ...instance, state, saidBye }));

/** Each table that `watch --json` has printed. */
const tables = (): readonly (readonly Shown[])[] =>
  watching.lines
    .map((line) => JSON.parse(line) as { readonly type: string; readonly instances: readonly Shown[] })
    .flatMap(({ type, instances }) => (type === 'instances' ? [instances] : []));

/** Resolves when the library and the command line show these. */
async function bothShow(wanted: Readonly<Record<string, number>>): Promise<void> {
  await eventually(() => expect(counts()).toEqual(wanted), WITHIN);
  await eventually(() => expect(counts(tables().at(-1))).toEqual(wanted), WITHIN);
}

const inState = (wanted: string) => viewer.states.filter((state) => state.endsWith(` ${wanted}`));

describe('20 instances of four services', () => {
  it('are known to a viewer and to `watch`, also when two are killed, one is cut off, and the others shut down', async () => {
    const many = await start([...SERVICES, ...SERVICES, ...SERVICES, ...SERVICES, 'stock']);
    const killed = [await start(['billing']), await start(['mail'])];
    const cutOff = await start(['orders'], `redis://127.0.0.1:${proxy.port}`);
    watching = CommandProcess.start(['watch', '--json', '--url', redis.url]);
    await watching.prints('stderr', /^Listening to reports/);
    viewer = await ReportViewer.open(redisTransport({ url: redis.url }));
    await bothShow({ ready: 20 });
    const services = viewer.directory.instances().map(({ instance }) => instance.service);
    expect(services).toEqual(SERVICES.flatMap((service) => Array.from({ length: 5 }, () => service)));
    await eventually(
      () => expect(viewer.directory.instances().every(({ report }) => report !== undefined)).toBe(true),
      WITHIN,
    );

    for (const one of killed) one.signal('SIGKILL');
    proxy.pause();
    await bothShow({ ready: 17, silent: 3 });
    expect(inState('silent')).toEqual(['billing silent', 'mail silent', 'orders silent']);

    proxy.resume();
    await bothShow({ ready: 18, silent: 2 });
    expect(inState('silent')).toEqual(['billing silent', 'mail silent']);

    await many.stop();
    const ended = (shown: readonly Shown[]) => shown.filter(({ saidBye }) => saidBye);
    await eventually(() => expect(ended(known())).toHaveLength(17), WITHIN);
    await eventually(() => expect(ended(tables().at(-1)!)).toHaveLength(17), WITHIN);
    expect(inState('ready')).toEqual(['orders ready']);
    expect(Object.values(viewer.directory.ignored).every((count) => count === 0)).toBe(true);

    // In no table was anybody else ever silent.
    const silent = tables().flatMap((shown) => shown.filter(({ state }) => state === 'silent'));
    expect(new Set(silent.map(({ pid }) => pid))).toEqual(new Set([...killed, cutOff].map(({ pid }) => pid)));
    expect((await watching.interrupt()).code).toBe(0);
  });
});

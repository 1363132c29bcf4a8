import { jest } from '@jest/globals';
import { OnEvent, redis as redisTransport } from 'nestjs-redis-event-bus';
import { CommandRun, runCommand } from '../support/command.run.js';
import { eventually } from '../support/eventually.js';
import { RedisCluster } from '../support/redis.cluster.js';
import { RedisServer } from '../support/redis.server.js';
import { bye, hello, report } from '../support/report.samples.js';
import { fastReports } from '../support/report.viewer.js';
import { startedApps } from '../support/started.apps.js';

declare const REDIS_MAJOR: number;

jest.setTimeout(60_000);

const CHANNEL = 'event-bus:instances';
const instanceOf = (service: string, pid: number) => ({
  ...hello().instance,
  id: `${service}-${pid}`,
  service,
  pid,
});

const { start } = startedApps();

class OrderNotifier {
  @OnEvent('orders:*')
  notify(): void {}
}

describe('watch', () => {
  let redis: RedisServer;
  const started: CommandRun[] = [];
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterEach(() => Promise.all(started.splice(0).map((command) => command.interrupt())));
  afterAll(() => redis.stop());

  const say = (message: object | string, channel = CHANNEL) =>
    redis.cli('PUBLISH', channel, typeof message === 'string' ? message : JSON.stringify(message));

  async function watch(...args: string[]): Promise<CommandRun> {
    const command = new CommandRun(['watch', '--url', redis.url, ...args]);
    started.push(command);
    await eventually(() => expect(command.stderr).toMatch(/^Listening to reports on 127/));
    return command;
  }

  it('shows instances with their states, rates and gaps, line by line', async () => {
    const watching = await watch();
    const [orders, billing] = [instanceOf('orders', 1), instanceOf('billing', 2)];
    const counters = { ...report().counters, published: 2, handled: 3, gaps: 2, missed: 14 };
    await say(hello({ instance: billing, state: 'degraded' }));
    await say(report({ instance: orders, atMs: 1_000, counters, gaps: [] }));
    await say(report({ instance: orders, atMs: 2_000, counters: { ...counters, published: 122 }, gaps: [] }));
    await eventually(() =>
      expect(watching.stdout).toMatch(/ orders +web-1 +1 +default +ready +120 +0 +0 +0 +2 +14\n/),
    );
    expect(watching.stdout).toMatch(/ billing +web-1 +2 +default +degraded +- +- /);
    await say(bye({ instance: billing }));
    await eventually(() => expect(watching.stdout).toMatch(/ billing +web-1 +2 +default +shut down /));
    // Three reports did not come.
    await eventually(
      () => expect(watching.stdout).toMatch(/ orders +web-1 +1 +default +silent for [34] s +- +- /),
      {
        timeoutMs: 15_000,
      },
    );
    expect(await watching.interrupt()).toMatchObject({ code: 0 });
  });

  it('shows a gap when it is reported', async () => {
    const watching = await watch();
    await say(report());
    await eventually(() =>
      expect(watching.stdout).toMatch(/ gap orders web-1 7 connection-lost for 1 ms: orders:\*\n/),
    );
  });

  it('counts what is no report, and shows a copy of an id as another instance', async () => {
    const watching = await watch('--json');
    await say('no JSON \u001b[2J');
    await say({ ...hello(), v: 2 });
    await say(hello({ instance: instanceOf('\u001b[2Jliar', 3) }));
    await say(hello({ instance: { ...instanceOf('\u001b[2Jliar', 3), host: 'elsewhere' } }));
    const isComplete = (line: string) => line.includes('elsewhere');
    await eventually(() => expect(watching.stdout.split('\n').some(isComplete)).toBe(true));
    expect(watching.stdout).toMatch(/^[\n -~]*$/);
    const shown = JSON.parse(String(watching.stdout.split('\n').find(isComplete))) as object;
    expect(shown).toMatchObject({
      type: 'instances',
      isJudging: true,
      ignored: { 'not-json': 1, 'other-version': 1 },
      instances: [
        { service: '\u001b[2Jliar', host: 'elsewhere', sharesId: true },
        { service: '\u001b[2Jliar', host: 'web-1', sharesId: true },
      ],
    });
  });

  it('shows once what it heard, with a prefix of its own', async () => {
    const watching = await watch('--once', '--listen-ms', '1000', '--prefix', 'shop:');
    await say(hello({ instance: instanceOf('elsewhere', 1) }));
    await say(hello({ instance: instanceOf('orders', 1) }), `shop:${CHANNEL}`);
    const { code, stdout } = await watching.result;
    expect(code).toBe(0);
    expect(stdout.split('\n').map((line) => line.split(/ +/)[1])).toEqual(['service', 'orders', undefined]);
  });

  it('judges nobody while it is not connected', async () => {
    const watching = await watch('--json');
    await say(hello({ instance: instanceOf('orders', 1) }));
    await eventually(() => expect(watching.stdout).toContain('"service":"orders"'));
    await redis.kill();
    await eventually(() => expect(watching.stdout).toContain('"isJudging":false'));
    await redis.restart();
    await eventually(
      () => expect(watching.stdout).toMatch(/"isJudging":false[^]*"isJudging":true[^]*"state":"ready"/),
      {
        timeoutMs: 15_000,
      },
    );
    expect(watching.stdout).not.toContain('silent');
  });

  it('draws the table over itself on a screen', async () => {
    const watching = new CommandRun(['watch', '--url', redis.url], {}, '', true);
    started.push(watching);
    await eventually(() => expect(watching.stderr).toMatch(/^Listening/));
    await say(report({ instance: instanceOf('\u001b[31mred', 1) }));
    await eventually(() => expect(watching.stdout).toMatch(/\\u001b\[31mred[^]*gap \\u001b\[31mred/));
    expect(watching.stdout.split('\u001b[2J')).toHaveLength(2);
    expect(watching.stdout.startsWith('\u001b[2J\u001b[Hservice')).toBe(true);
    expect(watching.stdout).not.toContain('\u001b[31m');
  });

  it('shows services that report, one of which ends, and how much they do', async () => {
    const watching = await watch('--json');
    const startOne = (service: string) =>
      start(
        { providers: [OrderNotifier, fastReports({ service })] },
        { transport: redisTransport({ url: redis.url }) },
      );
    const [orders, billing] = [await startOne('orders'), await startOne('billing')];
    const latest = () =>
      JSON.parse(String(watching.stdout.trim().split('\n').at(-1))) as { instances?: object[] };
    const ofService = (service: string) =>
      (latest().instances ?? []).find((one) => (one as { service: string }).service === service);
    await eventually(
      async () => {
        await orders.publisher.publish('orders:created', 1);
        const publishes = { state: 'ready', publishedPerSecond: expect.any(Number), gaps: 0 };
        expect(ofService('orders')).toMatchObject(publishes);
        expect((ofService('orders') as { publishedPerSecond: number }).publishedPerSecond).toBeGreaterThan(0);
        expect((ofService('billing') as { handledPerSecond: number }).handledPerSecond).toBeGreaterThan(0);
      },
      { timeoutMs: 15_000 },
    );
    await billing.app.close();
    await eventually(() => expect(ofService('billing')).toMatchObject({ state: 'gone', saidBye: true }));
    expect(ofService('orders')).toMatchObject({ state: 'ready' });
  });

  it('says which rule is missing', async () => {
    await redis.cli('ACL', 'SETUSER', 'orders', 'on', '>a-password', '&orders:*', '+@all');
    const args = ['watch', '--url', redis.url, '--user', 'orders'];
    const { code, stderr } = await runCommand(args, { REDIS_PASSWORD: 'a-password' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/NOPERM.*Add &event-bus:instances to the rules/);
  });

  // Sharded pub/sub came with Redis 7.0.
  (REDIS_MAJOR < 7 ? it.skip : it)(
    'listens to the shard channel of a Cluster (before Redis 7 skipped: it has none)',
    async () => {
      const cluster = await RedisCluster.start({ replicasPerMaster: 0 });
      try {
        const channel = `{event-bus}:instances`;
        const owner = await cluster.ownerOf(channel);
        const watching = new CommandRun(['watch', '--cluster', '--url', owner.server.url]);
        await eventually(() => expect(watching.stderr).toMatch(/^Listening/m));
        expect(await owner.server.cli('SPUBLISH', channel, JSON.stringify(hello()))).toBe(1);
        await eventually(() => expect(watching.stdout).toMatch(/ orders +web-1 +7 /));
        await watching.interrupt();
      } finally {
        await cluster.stopAll();
      }
    },
  );
});

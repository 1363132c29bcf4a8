/** @needs-redis-7 no ACL DRYRUN, and a node of a Cluster cannot be told its bus port */
import { jest } from '@jest/globals';
import type { NodeFinding } from '../../libs/event-bus/src/cli/doctor/finding.js';
import { checkRoundTrips } from '../../libs/event-bus/src/cli/doctor/round.trips.js';
import type { EventTransport } from 'nestjs-redis-event-bus';
import type { AclUser } from '../support/acl.document.js';
import { aclUsers, grantsOf, rulesWithout } from '../support/acl.document.js';
import { AnsweringProxy } from '../support/answering.proxy.js';
import { runCommand } from '../support/command.run.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free.port.js';
import { RedisCluster } from '../support/redis.cluster.js';
import { RedisServer } from '../support/redis.server.js';

const SECRET = 'correct-horse-battery';
const EVERY_ROLE = ['publisher', 'subscriber', 'inspector', 'group', 'key-events'].flatMap((role) => [
  '--for',
  role,
]);
const PUBSUB_DEFAULT = 'pubsub 33554432 8388608 60';

jest.setTimeout(60_000);

interface Examination {
  readonly code: number;
  readonly stderr: string;
  readonly all: readonly NodeFinding[];
  /** Those to do something about. */
  readonly found: readonly NodeFinding[];
}

async function examine(args: readonly string[], password = SECRET): Promise<Examination> {
  const { code, stdout, stderr } = await runCommand(['doctor', '--json', ...args], {
    REDIS_PASSWORD: password,
  });
  expect(stdout + stderr).not.toMatch(/horse-battery/);
  const all = stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as NodeFinding);
  const found = all.filter(({ state }) => state === 'finding');
  expect(found.filter(({ advice }) => !advice)).toEqual([]);
  expect(code).toBe(found.length === 0 ? 0 : 1);
  return { code, stderr, all, found };
}

/** What one check says. */
function said({ all }: Examination, check: string): string[] {
  return all.filter((one) => one.check === check).map(({ state, text }) => `${state}: ${text}`);
}

describe('doctor', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start({ password: SECRET, args: ['--notify-keyspace-events', 'Ex'] });
  });
  afterAll(() => redis.stop());

  const at = () => ['--url', `redis://127.0.0.1:${redis.port}`];
  const asUser = (name: string) => [...at(), '--user', name];
  const setUser = (name: string, ...rules: string[]) =>
    redis.cli('ACL', 'SETUSER', name, 'reset', 'on', `>${SECRET}`, ...rules);

  it('finds nothing at a sound server, with every role', async () => {
    const { code, stderr, all, found } = await examine([
      ...at(),
      ...EVERY_ROLE,
      '--channel',
      'orders:created',
    ]);
    expect({ code, stderr, found }).toEqual({ code: 0, stderr: '', found: [] });
    const checks = [
      'connection',
      'round-trip',
      'version',
      'user',
      'publisher',
      'subscriber',
      'inspector',
      'group',
    ];
    const others = ['key-events', 'notifications', 'output-limits', 'scripts'];
    expect([...new Set(all.map(({ check }) => check))]).toEqual([...checks, ...others]);
  });

  it('writes a line for each check, and how many findings there are', async () => {
    const { code, stdout } = await runCommand(['doctor', ...at()], { REDIS_PASSWORD: SECRET });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ok {9}connection {5}127\.0\.0\.1:\d+ without TLS$/m);
    expect(stdout).toMatch(/^0 findings\.\n$/m);
  });

  it('publishes nothing, and changes neither keys nor settings', async () => {
    const settings = () => redis.cli('CONFIG', 'GET', '*');
    const before = await settings();
    await redis.cli('CONFIG', 'RESETSTAT');
    await setUser(
      'closed',
      'allchannels',
      'allkeys',
      '-@all',
      '+subscribe',
      '+psubscribe',
      '+unsubscribe',
      '+info',
      '+ping',
      '+publish',
      '+set',
    );
    await Promise.all([
      examine([...at(), ...EVERY_ROLE]),
      examine([...asUser('closed'), '--channel', 'orders:created']),
    ]);
    expect(await settings()).toEqual(before);
    expect(await redis.cli('DBSIZE')).toBe(0);
    const stats = String(await redis.cli('INFO', 'commandstats'));
    expect(stats).not.toMatch(/^cmdstat_s?publish:/m);
    // Refused for its syntax, or not needed, since DRYRUN answered.
    expect(stats).not.toMatch(/^cmdstat_set:calls=\d+.*failed_calls=0/m);
    await eventually(async () => expect(await redis.cli('PUBSUB', 'CHANNELS')).toEqual([]));
  });

  it('subscribes to no channel of a service', async () => {
    await setUser(
      'orders',
      '&orders:created',
      '-@all',
      '+subscribe',
      '+unsubscribe',
      '+punsubscribe',
      '+info',
      '+ping',
    );
    await redis.cli('ACL', 'LOG', 'RESET');
    const examination = await examine([
      ...asUser('orders'),
      '--for',
      'subscriber',
      '--channel',
      'orders:created',
    ]);
    expect(examination.found).toEqual([]);
    expect(said(examination, 'subscriber')).toEqual(['unknown: not known: +subscribe with &orders:created']);
    const log = JSON.stringify(await redis.cli('ACL', 'LOG'));
    expect(log).toContain('event-bus:doctor:');
    expect(log).not.toContain('orders:created');
  });

  it('says why there is no connection', async () => {
    const url = `redis://127.0.0.1:${await freePort()}`;
    const { all } = await examine(['--url', url, '--timeout-ms', '300']);
    expect(all).toEqual([
      expect.objectContaining({ check: 'connection', text: expect.stringContaining('ECONNREFUSED') }),
    ]);
  });

  it('says that the password is wrong', async () => {
    const { all } = await examine(at(), 'wrong-horse-battery');
    expect(all).toEqual([
      expect.objectContaining({
        check: 'connection',
        text: expect.stringMatching(/WRONGPASS.*REDIS_PASSWORD/),
      }),
    ]);
  });

  it('notes the user default without a password', async () => {
    const open = await RedisServer.start();
    try {
      const examination = await examine(['--url', open.url], '');
      expect(examination.found).toEqual([]);
      expect(said(examination, 'user')).toEqual([
        'ok: default',
        expect.stringMatching(/^note: .*without a password/),
      ]);
    } finally {
      await open.stop();
    }
  });

  describe('about rights', () => {
    const channels = (user: AclUser) =>
      grantsOf(user)
        .filter((rule) => rule.startsWith('&') && !rule.includes('__key'))
        .flatMap((rule) => ['--channel', rule.slice(1).replace(/\*$/, 'created')]);
    const ROLE_OF: Readonly<Record<string, readonly string[]>> = {
      publisher: ['publisher'],
      subscriber: ['subscriber'],
      inspector: ['inspector'],
      group: ['group'],
      'shard-publisher': ['publisher', '--shard'],
      'shard-subscriber': ['subscriber', '--shard'],
      keyspace: ['key-events'],
    };
    const cases = [...aclUsers('server')].flatMap(([place, user]) =>
      ROLE_OF[place] === undefined ? [] : [[place, user, ROLE_OF[place]] as const],
    );

    it('knows the roles of the documentation', () => {
      expect(cases.map(([place]) => place)).toEqual(Object.keys(ROLE_OF));
    });

    it.each(cases)('names each rule that the %s lacks', async (_place, user, role) => {
      const args = [...at(), '--acl-user', user.name, '--for', ...role, ...channels(user)];
      await setUser(user.name, ...user.rules);
      expect((await examine(args)).found).toEqual([]);
      const neededFor = new Map<string, readonly NodeFinding[]>();
      for (const rule of grantsOf(user)) {
        await setUser(user.name, ...rulesWithout(user, rule));
        neededFor.set(rule, (await examine(args)).found);
      }
      const silent = [...neededFor].filter(([, found]) => found.length === 0).map(([rule]) => rule);
      // What the role of a group needs besides are those of a subscriber; one channel needs no +psubscribe.
      const others =
        user.name === 'billing' ? grantsOf(user).filter((rule) => !/claim|\+set/.test(rule)) : [];
      expect(silent).toEqual(user.name === 'notifications' ? ['+psubscribe'] : others);
      for (const [rule, [found]] of neededFor) {
        if (found === undefined) continue;
        const named = rule.startsWith('&orders') ? '&orders:created' : rule;
        expect(found.text).toBe(`the user ${user.name} lacks ${named}`);
        expect(found.advice).toContain(`ACL SETUSER ${user.name} ${named}`);
      }
    });

    it.each([
      ['+ping', 'publisher'],
      ['+info', 'publisher'],
      ['+unsubscribe', 'publisher'],
      ['+subscribe', 'subscriber'],
      ['+psubscribe', 'subscriber'],
      ['+punsubscribe', 'subscriber'],
      ['+pubsub|numpat', 'inspector'],
      ['+set', 'group'],
      ['~event-bus:claim:*', 'group'],
    ])('lets a user without administration find out that it lacks %s', async (rule, role) => {
      const rules =
        '&orders:* ~event-bus:claim:* -@all +subscribe +psubscribe +unsubscribe +punsubscribe +ping +info +set';
      const pubsub = ['channels', 'numsub', 'numpat', 'shardchannels', 'shardnumsub'].map(
        (one) => `+pubsub|${one}`,
      );
      const kept = [...rules.split(' '), ...pubsub].filter((one) => one !== rule);
      await setUser('plain', ...kept);
      const examination = await examine([...asUser('plain'), '--for', role]);
      expect(said(examination, role)).toEqual([expect.stringContaining(`lacks ${rule}`)]);
    });

    it('asks a script where the user may run one', async () => {
      await setUser(
        'scripting',
        '&orders:created',
        '-@all',
        '+publish',
        '+eval',
        '+unsubscribe',
        '+ping',
        '+info',
      );
      const publisher = [...asUser('scripting'), '--for', 'publisher', '--channel'];
      expect((await examine([...publisher, 'orders:created'])).found).toEqual([]);
      const { found } = await examine([...publisher, 'payments:failed']);
      expect(found).toEqual([
        expect.objectContaining({ text: 'the user scripting lacks +publish or &payments:failed' }),
      ]);
    });

    it('does not know whether a user may publish that may ask nothing', async () => {
      await setUser('publishing', '&orders:*', '-@all', '+publish', '+unsubscribe', '+ping', '+info');
      const examination = await examine([
        ...asUser('publishing'),
        '--for',
        'publisher',
        '--channel',
        'orders:created',
      ]);
      expect(examination.found).toEqual([]);
      expect(said(examination, 'publisher')).toEqual(['unknown: not known: +publish with &orders:created']);
      expect(said(examination, 'notifications')).toEqual([
        expect.stringMatching(/^unknown: .*\+config\|get/),
      ]);
      expect(said(examination, 'output-limits')).toEqual([
        expect.stringMatching(/^unknown: .*\+config\|get/),
      ]);
      expect(said(examination, 'scripts')).toEqual([expect.stringMatching(/^note: EVAL is not allowed/)]);
    });
  });

  describe('about settings', () => {
    it('finds that no key events are published, for a service that handles some', async () => {
      await redis.cli('CONFIG', 'SET', 'notify-keyspace-events', 'K$');
      try {
        const { found } = await examine([...at(), '--for', 'key-events']);
        expect(found.map(({ check }) => check)).toEqual(['notifications']);
        const { found: without } = await examine(at());
        expect(without).toEqual([]);
      } finally {
        await redis.cli('CONFIG', 'SET', 'notify-keyspace-events', 'Ex');
      }
    });

    it.each([
      ['pubsub 1000000 0 0', 'finding'],
      ['pubsub 33554432 500000 60', 'finding'],
      ['pubsub 0 0 0', 'note'],
    ])('judges the output limit %s', async (limit, state) => {
      await redis.cli('CONFIG', 'SET', 'client-output-buffer-limit', limit);
      try {
        const examination = await examine(at());
        expect(said(examination, 'output-limits')).toEqual([expect.stringMatching(new RegExp(`^${state}:`))]);
        expect(examination.found).toHaveLength(state === 'finding' ? 1 : 0);
      } finally {
        await redis.cli('CONFIG', 'SET', 'client-output-buffer-limit', PUBSUB_DEFAULT);
      }
    });

    it.each([
      ['5.0.14', 'finding'],
      ['6.2.14', 'note'],
      ['7.4.1', 'ok'],
    ])('judges the version %s', async (version, state) => {
      const info = `redis_version:${version}\r\n`;
      const answer = ([command, section]: readonly string[]) =>
        command?.toUpperCase() === 'INFO' && section === 'server'
          ? `$${info.length}\r\n${info}\r\n`
          : undefined;
      const proxy = await AnsweringProxy.start({ targetPort: redis.port, answer });
      try {
        const examination = await examine(['--url', proxy.url]);
        expect(said(examination, 'version')).toEqual([
          expect.stringMatching(new RegExp(`^${state}: Redis ${version}`)),
        ]);
        expect(examination.found).toHaveLength(state === 'finding' ? 1 : 0);
      } finally {
        proxy.stop();
      }
    });

    it.each([
      [['--replicaof', '127.0.0.1', '1'], /^finding: this is a replica/],
      [['--cluster-enabled', 'yes'], /^finding: this is a node of a Cluster/],
    ])('finds that %j is no server for services', async (args, text) => {
      const other = await RedisServer.start({ args });
      try {
        const examination = await examine(['--url', other.url], '');
        expect(said(examination, 'role')).toEqual([expect.stringMatching(text)]);
        expect(examination.found).toHaveLength(1);
      } finally {
        await other.stop();
      }
    });
  });

  it('says that a single server is no Cluster', async () => {
    const examination = await examine([...at(), '--cluster']);
    expect(said(examination, 'connection')).toEqual([
      expect.stringMatching(/^finding: .*Leave out --cluster/),
    ]);
  });
});

describe('doctor and the way to Redis', () => {
  it('finds round trips that are slow', async () => {
    let nowMs = 0;
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
    try {
      const taking = (ms: number) =>
        ({ ping: async () => void (nowMs += ms) }) as Partial<EventTransport> as EventTransport;
      expect(await checkRoundTrips(taking(150))).toMatchObject({
        state: 'finding',
        text: expect.stringMatching(/^p50 150/),
      });
      expect(await checkRoundTrips(taking(1))).toMatchObject({
        state: 'ok',
        text: expect.stringMatching(/p99 1\.00 ms of 100/),
      });
    } finally {
      clock.mockRestore();
    }
  });
});

describe('doctor at a Cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start({ replicasPerMaster: 0 });
  });
  afterAll(() => cluster.stopAll());

  const at = () => ['--cluster', '--url', String(cluster.nodes[0]?.server.url)];

  it('examines each node, and finds nothing', async () => {
    const examination = await examine([...at(), '--channel', 'orders:created'], '');
    expect(examination.found).toEqual([]);
    expect(said(examination, 'cluster-state')).toEqual([
      'ok: cluster_state:ok, 16384 of 16384 slots, 3 masters',
    ]);
    const version = examination.all.find(({ check }) => check === 'version');
    const nodes = cluster.nodes.map(({ server }) => `127.0.0.1:${server.port}`);
    expect(version?.nodes.toSorted()).toEqual(nodes.toSorted());
  });

  it('names the node at which a user lacks a rule', async () => {
    const rules = [
      'allchannels',
      '-@all',
      '+cluster|slots',
      '+cluster|info',
      '+publish',
      '+unsubscribe',
      '+ping',
      '+info',
    ];
    for (const { server } of cluster.nodes)
      await server.cli('ACL', 'SETUSER', 'orders', 'on', `>${SECRET}`, ...rules);
    const last = cluster.nodes[2]!.server;
    await last.cli('ACL', 'SETUSER', 'orders', '-unsubscribe');
    const { found } = await examine([...at(), '--user', 'orders', '--for', 'publisher']);
    expect(found).toEqual([
      expect.objectContaining({
        check: 'publisher',
        text: 'the user orders lacks +unsubscribe',
        nodes: [`127.0.0.1:${last.port}`],
      }),
    ]);
  });

  it.each(['+cluster|slots', '+cluster|info'])('finds that a user lacks %s', async (rule) => {
    for (const { server } of cluster.nodes) {
      const rules = ['reset', 'on', `>${SECRET}`, 'allchannels', '+@all', rule.replace('+', '-')];
      await server.cli('ACL', 'SETUSER', 'lacking', ...rules);
    }
    const { found } = await examine([...at(), '--user', 'lacking', '--timeout-ms', '3000']);
    expect(found.filter(({ check }) => check === 'cluster').map(({ text }) => text)).toEqual([
      `the user lacking lacks ${rule}`,
    ]);
  });

  // The last one: the Cluster is down afterwards.
  it('finds that a slot has no master', async () => {
    for (const { server } of cluster.nodes)
      await server.cli('CLUSTER', 'DELSLOTS', '0').catch(() => undefined);
    const { found } = await examine(at(), '');
    expect(found.map(({ check, text }) => `${check} ${text}`)).toEqual([
      expect.stringMatching(/^cluster-state cluster_state:fail/),
    ]);
  });
});

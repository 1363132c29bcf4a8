/** @needs-redis-7 no sharded pub/sub, and a node of a Cluster cannot be told its bus port */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { CertificateAuthority } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free.port.js';
import { RedisCluster } from '../support/redis.cluster.js';
import { RedisSentinels } from '../support/redis.sentinels.js';
import { RedisServer } from '../support/redis.server.js';
import { report } from '../support/report.samples.js';
import { TlsRedis } from '../support/tls.redis.js';
import { CommandProcess } from './support/command.process.js';

const SECRET = 'correct-horse-battery';

jest.setTimeout(60_000);

const run: typeof CommandProcess.run = (...call) => CommandProcess.run(...call);
const started: CommandProcess[] = [];

afterEach(() => Promise.all(started.splice(0).map((command) => command.interrupt())));

/** Resolves when it listens. */
async function tail(...args: string[]): Promise<CommandProcess> {
  const command = CommandProcess.start(['tail', ...args]);
  started.push(command);
  await command.prints('stderr', /^Listening to /m);
  return command;
}

describe('the command line', () => {
  it('shows its commands, the options of each and the version', async () => {
    const [general, ofTail, version] = await Promise.all([
      run(['--help']),
      run(['tail', '--help']),
      run(['--version']),
    ]);
    expect(general).toMatchObject({ code: 0, stderr: '' });
    expect(general.stdout).toMatch(/^ {2}tail .*\n {2}publish /m);
    expect(ofTail).toMatchObject({ code: 0, stderr: '' });
    expect(ofTail.stdout).toMatch(/^Usage: nestjs-redis-event-bus tail <target>/);
    expect(ofTail.stdout).toContain('--sentinel <name>');
    expect(version).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });

  it('says in one line what to write instead of wrong arguments', async () => {
    const { code, stdout, stderr } = await run(['tail', 'a', '--password', 'hidden-word']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^--password is not an option, [^\n]*set REDIS_PASSWORD\.[^\n]*\n$/);
    expect(stderr).not.toContain('hidden');
  });

  it('says why there is no connection, without the password', async () => {
    const url = `redis://orders:${SECRET}@127.0.0.1:${await freePort()}`;
    const { code, stdout, stderr } = await run(['publish', 'a', '1', '--url', url, '--timeout-ms', '300']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/No connection to 127\.0\.0\.1:\d+ within 300 ms: .*ECONNREFUSED/);
    expect(stderr).not.toContain(SECRET);
  });

  it('ends at Ctrl-C while it still tries to connect', async () => {
    const listening = CommandProcess.start(['tail', 'a', '--url', `redis://127.0.0.1:${await freePort()}`]);
    await listening.prints('stderr', /^Not connected, trying again: .*ECONNREFUSED/);
    expect(await listening.interrupt()).toMatchObject({ code: 0, stdout: '' });
  });
});

describe('the command line at a server', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());

  const at = (...args: string[]) => [...args, '--url', redis.url];

  it('publishes to what it tails, and counts the subscriptions', async () => {
    const listening = await tail(...at('orders:*', 'payments:failed'));
    expect(await run(at('publish', 'orders:created', '{"id": "o-1"}'))).toEqual({
      code: 0,
      stdout: 'orders:created: 1 subscription\n',
      stderr: '',
    });
    const input = '{"amount":12345678901234567890}';
    expect(await run(at('publish', 'payments:failed', '-', '--json'), {}, input)).toEqual({
      code: 0,
      stdout: '{"channel":"payments:failed","subscriptions":1}\n',
      stderr: '',
    });
    await listening.prints('stdout', /payments/);
    const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
    expect(listening.lines).toEqual([
      expect.stringMatching(new RegExp(`^${time} orders:created {"id": "o-1"}$`)),
      expect.stringMatching(new RegExp(`^${time} payments:failed {"amount":12345678901234567890}$`)),
    ]);
    expect(await listening.interrupt()).toMatchObject({ code: 0 });
  });

  it('reads REDIS_URL, and adds the prefix that it does not show', async () => {
    const listening = await tail(...at('orders:created', '--prefix', 'shop:'));
    const published = await run(['publish', 'orders:created', '1', '--prefix', 'shop:'], {
      REDIS_URL: redis.url,
    });
    expect(published.stdout).toBe('orders:created: 1 subscription\n');
    await listening.prints('stdout', / orders:created 1$/m);
    expect(listening.stdout).not.toContain('shop:');
  });

  it('shows an event once that several targets match', async () => {
    const listening = await tail(...at('orders:*', '*:created', 'orders:created'));
    await redis.cli('PUBLISH', 'orders:created', '1');
    await redis.cli('PUBLISH', 'orders:last', '2');
    await listening.prints('stdout', /orders:last/);
    expect(listening.lines.map((line) => line.split(' ').slice(1))).toEqual([
      ['orders:created', '1'],
      ['orders:last', '2'],
    ]);
  });

  it('writes one JSON object for each event, whatever its payload is', async () => {
    const listening = await tail(...at('odd:*', '--json'));
    const bodies = [
      '{\n\t"big": 12345678901234567890,\n"text":"\u202e\u0085"}',
      'a "text"\n',
      Buffer.from([0xff, 0]),
    ];
    for (const body of bodies) await redis.cli('PUBLISH', 'odd:\u001b[2J', body);
    await listening.prints('stdout', /base64/);
    expect(listening.stdout).toMatch(/^[\n -~]*$/);
    expect(listening.lines[0]).toContain('"big": 12345678901234567890');
    const received = { type: 'event', receivedAt: expect.any(String), channel: 'odd:\u001b[2J' };
    expect(listening.lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { ...received, payload: { big: expect.any(Number), text: '\u202e\u0085' } },
      { ...received, text: 'a "text"\n' },
      { ...received, base64: '/wA=' },
    ]);
  });

  it('keeps an event on one line that does not act on the terminal', async () => {
    const listening = await tail(...at('odd'));
    await redis.cli('PUBLISH', 'odd', 'a\n\u001b[2Jb\u202e');
    await listening.prints('stdout', / odd a\\u000a\\u001b\[2Jb\\u202e$/m);
    expect(listening.lines).toHaveLength(1);
  });

  it('sends what is no JSON with --raw, and a shard event with --shard', async () => {
    const listening = await tail(...at('ledger', '--shard'));
    const { stdout } = await run(at('publish', 'ledger', 'plain text', '--raw', '--shard'));
    expect(stdout).toBe('ledger: 1 subscription\n');
    await listening.prints('stdout', / ledger plain text$/m);
  });

  it('shows a gap when the connection is lost', async () => {
    const listening = await tail(...at('orders:*', '--json'));
    await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await listening.prints('stdout', /gap/);
    expect(JSON.parse(String(listening.lines[0]))).toMatchObject({
      type: 'gap',
      reason: 'connection-lost',
      targets: ['orders:*'],
    });
  });

  it('ends quietly when nobody reads its output any more', async () => {
    const listening = await tail(...at('orders:*'));
    listening.closeOutput();
    await eventually(async () => {
      expect(await redis.cli('PUBLISH', 'orders:created', '1')).toBe(0);
    });
    expect(await listening.ended).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^Listening [^\n]*\n$/),
    });
  });
});

describe('watch', () => {
  it('shows who reports, as text and as JSON', async () => {
    const redis = await RedisServer.start();
    try {
      const args = ['watch', '--url', redis.url];
      const [text, asJson] = [CommandProcess.start(args), CommandProcess.start([...args, '--json'])];
      started.push(text, asJson);
      for (const command of [text, asJson]) await command.prints('stderr', /^Listening to reports on /m);
      await redis.cli('PUBLISH', 'event-bus:instances', JSON.stringify(report()));
      await text.prints('stdout', / orders +web-1 +7 +default +ready /);
      await asJson.prints(
        'stdout',
        /"type":"gap".*"reason":"connection-lost"[^]*"service":"orders".*"gaps":1/,
      );
      expect(await text.interrupt()).toMatchObject({ code: 0 });
      for (const line of asJson.lines) expect(JSON.parse(line)).toHaveProperty('type');
    } finally {
      await Promise.all(started.splice(0).map((command) => command.interrupt()));
      await redis.stop();
    }
  });
});

describe('doctor', () => {
  it('ends with 0 at a sound server, with 1 when it found something, and with 2 for wrong arguments', async () => {
    const redis = await RedisServer.start({ password: SECRET });
    try {
      await redis.cli(
        'ACL',
        'SETUSER',
        'orders',
        'on',
        `>${SECRET}`,
        '&orders:*',
        '+publish',
        '+ping',
        '+info',
      );
      const environment = { REDIS_URL: `redis://127.0.0.1:${redis.port}`, REDIS_PASSWORD: SECRET };
      const [sound, lacking, wrongPassword, wrongRole] = await Promise.all([
        run(['doctor'], environment),
        run(['doctor', '--user', 'orders', '--for', 'publisher'], environment),
        run(['doctor'], { ...environment, REDIS_PASSWORD: 'wrong-horse-battery' }),
        run(['doctor', '--for', 'friend'], environment),
      ]);
      expect(sound).toMatchObject({
        code: 0,
        stderr: '',
        stdout: expect.stringMatching(/\n0 findings\.\n$/),
      });
      expect(lacking).toMatchObject({
        code: 1,
        stdout: expect.stringMatching(/lacks \+unsubscribe\. Run ACL SETUSER/),
      });
      expect(wrongPassword).toMatchObject({ code: 1, stdout: expect.stringMatching(/WRONGPASS/) });
      expect(wrongPassword.stdout + wrongPassword.stderr).not.toContain('wrong-horse');
      expect(wrongRole).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/^--for takes one of publisher/),
      });
    } finally {
      await redis.stop();
    }
  });
});

describe('the command line and a user', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start({ password: SECRET });
    await redis.cli(
      'ACL',
      'SETUSER',
      'orders',
      'on',
      `>${SECRET}`,
      '&orders:*',
      '+publish',
      '+ping',
      '+info',
    );
  });
  afterAll(() => redis.stop());

  it('takes the password of the environment', async () => {
    const args = ['publish', 'orders:created', '1', '--url', `redis://127.0.0.1:${redis.port}`];
    expect(await run(args, { REDIS_PASSWORD: SECRET })).toMatchObject({ code: 0, stderr: '' });
    expect(await run([...args, '--user', 'orders'], { REDIS_PASSWORD: SECRET })).toMatchObject({ code: 0 });
  });

  it('says at once that the password is wrong, and does not show it', async () => {
    const { code, stdout, stderr } = await run(['tail', 'a', '--url', `redis://127.0.0.1:${redis.port}`], {
      REDIS_PASSWORD: 'wrong-horse-battery',
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/WRONGPASS.*Check the user, and REDIS_PASSWORD or the URL/);
    expect(stderr).not.toContain('wrong-horse');
  });

  it('names the rule that the user lacks', async () => {
    const environment = { REDIS_URL: `redis://orders@127.0.0.1:${redis.port}`, REDIS_PASSWORD: SECRET };
    const [published, tailed] = await Promise.all([
      run(['publish', 'payments:failed', '1'], environment),
      run(['tail', 'orders:*'], environment),
    ]);
    expect(published).toMatchObject({ code: 1, stdout: '' });
    expect(published.stderr).toMatch(/NOPERM.*Add &payments:failed to the rules/);
    expect(tailed).toMatchObject({ code: 1, stdout: '' });
    expect(tailed.stderr).toMatch(/NOPERM.*Add \+psubscribe to the rules/);
  });
});

describe('the command line and TLS', () => {
  const authority = new CertificateAuthority();
  let redis: TlsRedis;
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'command-line-'));
    const { cert, key } = authority.issue({ name: 'orders', passphrase: SECRET });
    await writeFile(join(directory, 'ca.pem'), authority.cert);
    await writeFile(join(directory, 'cert.pem'), cert);
    await writeFile(join(directory, 'key.pem'), key);
    redis = await TlsRedis.start({ authority, asksClients: true });
  });
  afterAll(async () => {
    await redis.stop();
    await rm(directory, { recursive: true });
  });

  const file = (name: string) => [`--${name}`, join(directory, `${name}.pem`)];
  const publish = (...args: string[]) => {
    const environment = { REDIS_KEY_PASSPHRASE: SECRET };
    return run(['publish', 'orders:created', '1', '--url', redis.url, ...args], environment);
  };

  it('connects with the CA, the certificate and its key', async () => {
    expect(await publish(...file('ca'), ...file('cert'), ...file('key'))).toMatchObject({
      code: 0,
      stderr: '',
    });
  });

  it('names the option that is missing', async () => {
    const [withoutCa, withoutCertificate] = await Promise.all([publish(), publish(...file('ca'))]);
    expect(withoutCa).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/self-signed.*Write --ca with/),
    });
    expect(withoutCertificate.code).toBe(1);
    expect(withoutCertificate.stderr).toMatch(/certificate required.*set --cert and --key/);
  });

  it('is what doctor reports', async () => {
    const environment = { REDIS_KEY_PASSPHRASE: SECRET, REDIS_URL: redis.url };
    const [sound, plain] = await Promise.all([
      run(['doctor', ...file('ca'), ...file('cert'), ...file('key')], environment),
      run(['doctor', '--url', redis.url.replace('rediss', 'redis'), '--timeout-ms', '500']),
    ]);
    expect(sound).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^ok +connection +\S+ with TLS$/m),
    });
    expect(plain).toMatchObject({ code: 1, stdout: expect.stringMatching(/speaks TLS, write rediss:/) });
  });
});

describe('the command line and several servers', () => {
  it('reaches each node of a Cluster from one of them', async () => {
    const cluster = await RedisCluster.start({ replicasPerMaster: 0 });
    try {
      const at = ['--cluster', '--url', String(cluster.nodes[0]?.server.url)];
      const [channels, shards] = await Promise.all([
        tail('orders:*', ...at),
        tail('{a}', '{b}', '{c}', '--shard', ...at),
      ]);
      await run(['publish', 'orders:created', '1', ...at]);
      for (const name of ['{a}', '{b}', '{c}']) {
        const { stdout } = await run(['publish', name, '1', '--shard', ...at]);
        expect(stdout).toBe(`${name}: 1 subscription\n`);
      }
      await channels.prints('stdout', / orders:created 1$/m);
      await shards.prints('stdout', / {c} 1$/m);
      expect(shards.lines).toHaveLength(3);
      expect(await run(['doctor', ...at])).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^ok +cluster-state +cluster_state:ok/m),
      });
    } finally {
      await Promise.all(started.splice(0).map((command) => command.interrupt()));
      await cluster.stopAll();
    }
  });

  it('reaches the master that sentinels name', async () => {
    const sentinels = await RedisSentinels.start();
    try {
      const [first] = sentinels.redisOptions.sentinels;
      const at = [
        '--sentinel',
        sentinels.redisOptions.name,
        '--url',
        `redis://${first?.host}:${first?.port}`,
      ];
      const listening = await tail('orders:*', ...at);
      expect(await run(['publish', 'orders:created', '1', ...at])).toMatchObject({ code: 0 });
      await listening.prints('stdout', / orders:created 1$/m);
      await listening.interrupt();
    } finally {
      await sentinels.stop();
    }
  });
});

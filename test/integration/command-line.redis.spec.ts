import { CommandRun, runCommand } from '../support/command.run.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.server.js';

describe('the command line', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());

  it('tails what it publishes, and the gap of a lost connection', async () => {
    const listening = new CommandRun(['tail', 'orders:*', '--url', redis.url]);
    await eventually(() => expect(listening.stderr).toMatch(/^Listening to orders:\* on 127/m));
    const published = await runCommand(
      ['publish', 'orders:created', '-'],
      { REDIS_URL: redis.url },
      '{"id":1}',
    );
    expect(published).toEqual({ code: 0, stdout: 'orders:created: 1 subscription\n', stderr: '' });
    await eventually(() => expect(listening.stdout).toMatch(/ orders:created {"id":1}\n$/));
    await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await eventually(() => expect(listening.stdout).toMatch(/ gap connection-lost .*: orders:\*\n$/));
    expect(await listening.interrupt()).toMatchObject({ code: 0 });
  });

  it('ends when nobody reads what it writes', async () => {
    const listening = new CommandRun(['tail', 'orders:*', '--url', redis.url]);
    await eventually(() => expect(listening.stderr).toMatch(/^Listening/m));
    listening.out.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect(await listening.result).toMatchObject({ code: 0, stdout: '' });
  });

  it('refuses to publish without a reply in time', async () => {
    await redis.kill('SIGSTOP');
    const call = runCommand(['publish', 'a', '1', '--url', redis.url, '--timeout-ms', '200']);
    try {
      expect(await call).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/No connection to .* within 200 ms/),
      });
    } finally {
      await redis.kill('SIGCONT');
    }
  });
});

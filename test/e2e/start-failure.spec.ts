import { jest } from '@jest/globals';
import { freePort } from '../support/free.port.js';
import { RedisServer } from '../support/redis.server.js';
import { NodeProcess } from './support/node.process.js';

const STACK_LINE = /^\s+at /m;

jest.setTimeout(60_000);

const started: NodeProcess[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((process) => process.stop()));
});

/** Resolves with the lines that say why. */
async function failureOf(name: string, environment: Record<string, string>): Promise<string[]> {
  const app = NodeProcess.start(`apps/${name}/dist/main.js`, { HOST: '127.0.0.1', ...environment });
  started.push(app);
  expect(await app.exited).toEqual({ code: 1, signal: null });
  expect(app.output).not.toMatch(STACK_LINE);
  return app.output.split('\n').filter((line) => line && !/ (DEBUG|LOG|WARN) /.test(line));
}

describe('an app that cannot start', () => {
  it('says so once when Redis is not there', async () => {
    const port = await freePort();
    const environment = { PORT: '0', REDIS_URL: `redis://127.0.0.1:${port}` };
    const names = ['orders', 'notifications'];
    expect(await Promise.all(names.map((name) => failureOf(name, environment)))).toEqual(
      names.map((name) => [
        expect.stringMatching(new RegExp(`^\\[${name}\\] .*127\\.0\\.0\\.1:${port}.*ECONNREFUSED`)),
      ]),
    );
  });

  it('says so once when Redis refuses the password, without the password', async () => {
    const redis = await RedisServer.start({ password: 'correct-one' });
    try {
      const url = `redis://:wrong-one@127.0.0.1:${redis.port}`;
      const lines = await failureOf('notifications', { PORT: '0', REDIS_URL: url });
      expect(lines).toEqual([expect.stringContaining('WRONGPASS')]);
      expect(lines.join()).not.toContain('wrong-one');
    } finally {
      await redis.stop();
    }
  });

  it.each(['orders', 'notifications'])('names PORT when the port of %s is taken', async (name) => {
    const redis = await RedisServer.start();
    try {
      expect(await failureOf(name, { PORT: String(redis.port), REDIS_URL: redis.url })).toEqual([
        `[${name}] Port ${redis.port} is already in use. Set PORT to a free port, or stop the process that uses it.`,
      ]);
    } finally {
      await redis.stop();
    }
  });

  it.each(['orders', 'notifications'])('names every variable of %s that is wrong', async (name) => {
    expect(await failureOf(name, { PORT: 'http', REDIS_URL: 'localhost' })).toEqual([
      expect.stringMatching(/PORT must be a whole number.*REDIS_URL must be a URL/),
    ]);
  });
});

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import { RedisServer } from '../support/redis.server.js';

const ROOT = join(import.meta.dirname, '../..');
const execute = promisify(execFile);

jest.setTimeout(120_000);

describe('the packed library', () => {
  let redis: RedisServer;
  let folder: string;
  beforeAll(async () => {
    redis = await RedisServer.start();
    // npm names folders by their real path.
    folder = await realpath(await mkdtemp(join(tmpdir(), 'packed-command-line-')));
  });
  afterAll(async () => {
    await redis.stop();
    await rm(folder, { recursive: true, maxRetries: 3 });
  });

  it('runs by npx, without Nest', async () => {
    const packing = [
      'pack',
      join(ROOT, 'libs/event-bus'),
      '--pack-destination',
      folder,
      '--ignore-scripts',
      '--json',
    ];
    const { stdout: packed } = await execute('npm', packing, { cwd: ROOT });
    const [{ filename }] = JSON.parse(packed) as [{ filename: string }];

    const app = join(folder, 'app');
    await mkdir(app);
    await writeFile(join(app, 'package.json'), '{ "name": "app", "private": true }');
    const installing = ['--offline', '--legacy-peer-deps', '--no-audit', '--no-fund', '--loglevel=error'];
    await execute('npm', ['install', join(folder, filename), ...installing], { cwd: app });
    await symlink(join(ROOT, 'node_modules/ioredis'), join(app, 'node_modules/ioredis'));

    const npx = (...args: string[]) =>
      execute('npx', ['--no-install', 'nestjs-redis-event-bus', ...args], {
        cwd: app,
        env: { ...process.env, REDIS_URL: redis.url },
      });
    expect((await npx('--help')).stdout).toMatch(/^Usage: nestjs-redis-event-bus <command>/);
    expect((await npx('publish', 'orders:created', '{"id":"o-1"}')).stdout).toBe(
      'orders:created: 0 subscriptions\n',
    );
  });
});

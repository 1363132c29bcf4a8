import { RedisServer } from '../support/redis.server.js';
import { NodeProcess } from './support/node.process.js';

const EVENTS = 5;

interface Found {
  readonly handler: 'first' | 'second' | 'listener';
  readonly n: number;
  readonly id?: string;
  readonly stored?: unknown;
  readonly isActive?: boolean;
}

describe('nestjs-cls', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  it.each([
    ['guard', 'memory()'],
    ['interceptor', 'memory()'],
    ['guard', 'redis()'],
    ['interceptor', 'redis()'],
  ])('has a store for each call and for nobody else, with its %s on %s', async (mount, transport) => {
    const worker = NodeProcess.start('test/e2e/support/cls.worker.mjs', {
      MOUNT: mount,
      EVENTS: String(EVENTS),
      ...(transport === 'redis()' ? { REDIS_URL: server.url } : {}),
    });
    const [, json] = await worker.prints(/^found (.*)$/m);
    const found = JSON.parse(json as string) as Found[];
    const ofHandlers = found.filter(({ handler }) => handler !== 'listener');
    expect(ofHandlers).toHaveLength(2 * EVENTS);
    expect(ofHandlers.map(({ n, stored }) => [n, stored])).toEqual(ofHandlers.map(({ n }) => [n, n]));
    expect(new Set(ofHandlers.map(({ id }) => id)).size).toBe(2 * EVENTS);
    const ofListener = found.filter(({ handler }) => handler === 'listener');
    expect(ofListener.map(({ isActive }) => isActive)).toEqual(Array<boolean>(EVENTS).fill(false));
    expect(await worker.exited).toEqual({ code: 0, signal: null });
  });
});

import { ConfigurationError } from '../errors.js';
import type { EventBusModuleOptions } from './event-bus.options.js';
import { resolveSettings } from './event-bus.options.js';
import { memory } from '../transports/memory/memory.transport.js';
import { redis } from '../transports/redis/redis.transport.js';
import { untyped } from '../../../../test/support/untyped.js';

const problemsOf = (options: unknown, name = 'default'): readonly string[] => {
  try {
    resolveSettings(options as EventBusModuleOptions, name);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as ConfigurationError).problems;
  }
};

describe('resolveSettings', () => {
  it('needs a transport only, and fills in the defaults', () => {
    const settings = resolveSettings({ transport: memory() }, 'default');
    expect(settings).toMatchObject({
      name: 'default',
      maxPayloadBytes: 1_048_576,
      batching: true,
      startup: { timeoutMs: 10_000, onFailure: 'throw' },
      shutdown: { drainTimeoutMs: 10_000 },
    });
    expect([settings.prefix.prefix, settings.codec.name]).toEqual(['', 'json']);
  });

  it('takes a default where a value is undefined', () => {
    const transport = memory();
    expect(
      resolveSettings(untyped({ transport, prefix: undefined, startup: { timeoutMs: undefined } }), 'b'),
    ).toMatchObject({ startup: { timeoutMs: 10_000 } });
  });

  it('reports everything that is wrong at once', () => {
    const problems = problemsOf({
      prefix: 1,
      codec: {},
      maxPayloadBytes: 0,
      batching: untyped('no'),
      startup: { timeoutMs: -1, onFailure: 'ignore' },
      shutdown: { drainTimeoutMs: 1.5 },
      transprot: 1,
    });
    expect(problems).toHaveLength(9);
    expect(problems.join('\n')).toMatch(
      /transport is missing.*\n.*prefix.*\n.*codec.*\n.*maxPayloadBytes.*\n.*batching must be true or false/,
    );
  });

  it.each([
    [undefined, 'options are missing'],
    [{ transport: 'redis://localhost' }, 'transport is missing'],
    [{ transport: memory(), prefix: '__x' }, 'belong to Redis'],
    [{ transport: memory(), contracts: ['orders:created'] }, 'array of contracts from defineEvent()'],
    [{ transport: memory(), startup: 5 }, 'startup must be an object'],
    [{ transport: memory(), startup: { timeout: 5 } }, 'startup.timeout is not an option'],
    [{ transport: memory(), shutdown: { drainTimeoutMs: Infinity } }, 'shutdown.drainTimeoutMs'],
    [{ transport: redis({ url: 'htp://x' }) }, 'starts with "htp:"'],
    [{ transport: redis({ url: 'localhost' }) }, 'is not a URL'],
    [{ transport: redis({ url: 'redis://h/x' }) }, 'database number'],
    [{ transport: memory(), coalesce: untyped('yes') }, 'coalesce must be true or false'],
    [{ transport: redis(untyped({ url: 5 })) }, 'must be a string'],
    [{ transport: redis(untyped(7)) }, 'takes an object'],
    [{ transport: redis(untyped({ client: {} })) }, 'takes an ioredis Redis instance'],
    [{ transport: redis(untyped({ keyPrefix: 'x' })) }, 'EventBusModule.forRoot({ prefix })'],
    [{ transport: redis(untyped({ enableOfflineQueue: true })) }, 'the bus decides it'],
  ])('says what is wrong with %j', (options, words) => {
    expect(problemsOf(options)).toEqual([expect.stringContaining(words)]);
  });

  it('allows an immediate end of the drain', () => {
    expect(problemsOf({ transport: memory(), shutdown: { drainTimeoutMs: 0 } })).toEqual([]);
  });

  it('refuses an empty bus name', () => {
    expect(problemsOf({ transport: memory() }, '')).toEqual(['name must be a non-empty string.']);
  });

  it('never repeats a URL, which may hold a password', () => {
    const problems = problemsOf({ transport: redis({ url: 'http://user:canary@host' }) });
    expect(problems.join()).not.toContain('canary');
  });
});

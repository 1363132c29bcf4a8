import { inspect } from 'node:util';
import { RedisSecrets } from './redis.secrets.js';

const CANARY = 'c4n4ry';

function secretsOf(options: Parameters<RedisSecrets['learn']>[0]): RedisSecrets {
  const secrets = new RedisSecrets();
  secrets.learn(options);
  return secrets;
}

const print = (error: unknown) =>
  inspect(error, { depth: Infinity, showHidden: true }) + String((error as Error).stack);

describe('RedisSecrets', () => {
  it.each([
    ['a password', { password: `${CANARY}-1` }],
    ['the password of sentinels', { sentinelPassword: `${CANARY}-1` }],
    ['a passphrase', { tls: { passphrase: `${CANARY}-1` } }],
    ['the passphrase of one key', { tls: { key: [{ pem: 'key', passphrase: `${CANARY}-1` }] } }],
    ['a line of a key', { sentinelTLS: { key: `-----BEGIN PRIVATE KEY-----\n${CANARY}-1\n-----END` } }],
    ['a line of a key in bytes', { tls: { key: Buffer.from(`${CANARY}-1`) } }],
  ])('cuts %s', (_what, options) => {
    expect(secretsOf(options).scrub(`ERR no ${CANARY}-1 here`)).toBe('ERR no … here');
  });

  it('leaves user names and hosts', () => {
    const secrets = secretsOf({ username: 'orders', host: 'redis.internal', password: '' });
    expect(secrets.scrub('ERR orders at redis.internal')).toBe('ERR orders at redis.internal');
  });

  it('cuts the latest of those that change, and forgets older ones', () => {
    const secrets = secretsOf({ password: 'the-first-of-all' });
    for (let count = 0; count < 1_000; count += 1) secrets.given(`token-${String(count).padStart(4, '0')}`);
    expect(secrets.scrub('token-0999 token-0936 the-first-of-all')).toBe('… … …');
    expect(secrets.scrub('token-0000')).toBe('token-0000');
  });

  it('cuts the arguments of the command that failed', () => {
    const commands: [string, unknown[]][] = [
      ['auth', ['bus', CANARY]],
      ['AUTH', [CANARY]],
      ['hello', [3, 'AUTH', 'bus', CANARY]],
      ['publish', ['orders', CANARY]],
      ['spublish', ['orders', Buffer.from(CANARY)]],
    ];
    for (const [name, args] of commands) {
      const error = Object.assign(new Error(`ERR odd ${CANARY} of bus`), { command: { name, args } });
      new RedisSecrets().scrubError(error);
      expect(error.message).toBe('ERR odd … of bus');
      expect(error).not.toHaveProperty('command');
      expect(print(error)).not.toContain(CANARY);
    }
  });

  it('cleans an error with its stack, its properties and all that it is caused by', () => {
    const secrets = secretsOf({ password: CANARY });
    const inner = new Error(`inner ${CANARY}`);
    const error = Object.assign(new AggregateError([inner], `outer ${CANARY}`, { cause: inner }), {
      code: 'ECODE',
      detail: `detail ${CANARY}`,
      previous: [new Error(`previous ${CANARY}`)],
    });
    Object.assign(inner, { cause: error });
    expect(print(error)).toContain(CANARY);
    const frames = error.stack!.split('\n').slice(1);
    secrets.scrubError(error);
    expect(print(error)).not.toContain(CANARY);
    expect(error).toMatchObject({ message: 'outer …', code: 'ECODE', detail: 'detail …' });
    expect(error.stack!.split('\n').slice(1)).toEqual(frames);
  });
});

import { inspect } from 'node:util';
import {
  CLOSED_BY_SERVER,
  causeOf,
  explainRefusal,
  isMute,
  isNotSent,
  isRefusal,
  isReplyError,
} from './redis.errors.js';
import { RedisSecrets } from './redis.secrets.js';

const named = (name: string, message: string) => Object.assign(new Error(message), { name });
const reply = (message: string) => named('ReplyError', message);

describe('isRefusal', () => {
  it.each([
    'WRONGPASS invalid username-password pair or user is disabled.',
    'NOAUTH Authentication required.',
    'NOPERM this user has no permissions to run the select command',
    'DENIED Redis is running in protected mode.',
    'ERR AUTH <password> called without any password configured',
    'ERR invalid password',
    'ERR DB index is out of range',
  ])('takes for final: %s', (message) => {
    expect(isRefusal(reply(message))).toBe(true);
    expect(isRefusal(new Error(message))).toBe(false);
  });

  it.each([
    'LOADING Redis is loading the dataset in memory',
    'ERR max number of clients reached',
    'READONLY',
  ])('takes for passing: %s', (message) => {
    expect(isRefusal(reply(message))).toBe(false);
    expect(isReplyError(reply(message))).toBe(true);
  });
});

it.each(['SELF_SIGNED_CERT_IN_CHAIN', 'ERR_TLS_CERT_ALTNAME_INVALID', 'ERR_OSSL_BAD_DECRYPT'])(
  'takes for final, too, what TLS ends with: %s',
  (code) => {
    expect(isRefusal(Object.assign(new Error('TLS'), { code }))).toBe(true);
  },
);

describe('isMute', () => {
  it.each([
    Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
    Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }),
    new Error(CLOSED_BY_SERVER),
    new Error("Stream isn't writeable and enableOfflineQueue options is false"),
    named('MaxRetriesPerRequestError', 'Reached the max retries per request limit (which is 0).'),
  ])('knows that nothing is told by: %s', (error) => {
    expect(isMute(error)).toBe(true);
  });

  it('knows a reason when there is one', () => {
    expect(isMute(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }))).toBe(false);
    expect(isMute(reply('ERR max number of clients reached'))).toBe(false);
  });
});

describe('explainRefusal', () => {
  it('says what to do', () => {
    expect(explainRefusal(reply('WRONGPASS invalid.'))).toBe(
      'WRONGPASS invalid. Check the user and the password in the Redis URL',
    );
    expect(explainRefusal(reply('NOAUTH Authentication required.'))).toContain('Add a user and a password');
    expect(explainRefusal(reply('NOPERM No permissions to access a channel'), 'orders:*')).toBe(
      'NOPERM No permissions to access a channel. Add &orders:* to the rules of the user in the Redis ACL',
    );
    expect(explainRefusal(reply('ERR DB index is out of range'))).toContain('Check the database number');
    expect(explainRefusal(reply('DENIED no'))).toBe('DENIED no');
  });

  it.each(['`SSUBSCRIBE`, with args beginning with: ', "'ssubscribe'", "'SPUBLISH'"])(
    'says from when on shard channels are known, when the server does not know %s',
    (command) => {
      expect(explainRefusal(reply(`ERR unknown command ${command}`))).toMatch(
        /\. Shard channels need Redis 7\.0$/,
      );
    },
  );

  it('says no more than the server of any other unknown command', () => {
    expect(explainRefusal(reply("ERR unknown command 'PUBLISH'"))).toBe("ERR unknown command 'PUBLISH'");
  });
});

describe('causeOf', () => {
  const secrets = new RedisSecrets();

  it('takes off the command, whose arguments are secrets', () => {
    const error = Object.assign(reply('WRONGPASS'), { command: { name: 'auth', args: ['c4n4ry'] } });
    expect(causeOf(error, secrets)).toBe(error);
    expect(inspect(error, { depth: Infinity })).not.toContain('c4n4ry');
  });

  it('says that the link is gone where ioredis explains an option that nobody may set', () => {
    const error = named(
      'MaxRetriesPerRequestError',
      'Reached the max retries per request limit (which is 0).',
    );
    expect(causeOf(error, secrets)).toMatchObject({ message: 'the connection was lost', cause: error });
  });

  it('leaves alone what is no error', () => {
    expect(causeOf('thrown', secrets)).toBe('thrown');
    expect(causeOf(undefined, secrets)).toBeUndefined();
  });
});

describe('isNotSent', () => {
  it('knows what ioredis rejects with before it sends', () => {
    expect(isNotSent(new Error("Stream isn't writeable and enableOfflineQueue options is false"))).toBe(true);
    expect(isNotSent(new Error('Connection is closed.'))).toBe(false);
    expect(isNotSent('enableOfflineQueue')).toBe(false);
  });
});

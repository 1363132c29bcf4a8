import { aclAdvice } from './acl-advice.js';

const rule = (text: string) => `Add ${text} to the rules of the user in the Redis ACL`;

describe('aclAdvice', () => {
  it.each([
    ["NOPERM this user has no permissions to run the 'publish' command", '+publish'],
    ["NOPERM this user has no permissions to run the 'pubsub|numpat' command", '+pubsub|numpat'],
    ["NOPERM User bus has no permissions to run the 'publish' command", '+publish'],
    ["NOPERM this user has no permissions to run the 'get' command or its subcommand", '+get'],
  ])('names the command in: %s', (refusal, expected) => {
    expect(aclAdvice(refusal, 'orders')).toBe(rule(expected));
  });

  it.each([
    ['NOPERM this user has no permissions to access one of the channels used as arguments', '&orders:*'],
    ['NOPERM No permissions to access a channel', '&orders:*'],
    [
      'NOPERM this user has no permissions to access one of the keys used as arguments',
      'a ~ that covers "orders:*"',
    ],
    ['NOPERM No permissions to access a key', 'a ~ that covers "orders:*"'],
  ])('names the channel or the key in: %s', (refusal, expected) => {
    expect(aclAdvice(refusal, 'orders:*')).toBe(rule(expected));
  });

  it('escapes what would break the line', () => {
    expect(aclAdvice('NOPERM No permissions to access a channel', 'a\nb')).toBe(rule('&a\\nb'));
  });

  it('says where to look when the server says no more', () => {
    const advice = 'Check the rules of the user in the Redis ACL';
    expect(aclAdvice('NOPERM', 'orders')).toBe(advice);
    expect(aclAdvice('NOPERM No permissions to access a channel')).toBe(advice);
  });
});

import { ChannelPrefix, publishProblem } from './channel-prefix.js';
import { isTemplate } from './channel-template.js';
import { foreignWildcard } from './foreign.wildcard.js';
import { orderTargets, parseTarget, targetProblem } from './handler-target.js';
import { globProblems, isGlob, unescapeGlob } from './redis-glob.js';

const none = new ChannelPrefix('');

describe('parseTarget', () => {
  it.each([
    ['orders:created', { kind: 'channel', name: 'orders:created' }],
    ['orders:*', { kind: 'pattern', name: 'orders:*' }],
    ['news.?', { kind: 'pattern', name: 'news.?' }],
    ['news.[ab]', { kind: 'pattern', name: 'news.[ab]' }],
    ['price\\*list', { kind: 'channel', name: 'price*list' }],
    ['a:{42}:b', { kind: 'channel', name: 'a:{42}:b' }],
  ])('reads %s', (text, expected) => {
    expect(parseTarget(text, none).subscription).toEqual(expected);
  });

  it('takes a channel as it stands when it is told that it is one', () => {
    expect(parseTarget('a*\\*', none, 'channel').subscription).toEqual({ kind: 'channel', name: 'a*\\*' });
    expect(parseTarget('a', none, 'pattern').subscription).toEqual({ kind: 'pattern', name: 'a' });
    expect(parseTarget('a', none, 'shard').subscription).toEqual({ kind: 'shard', name: 'a' });
  });

  it('matches what Redis would deliver', () => {
    expect(parseTarget('orders:*', none).matches('orders:a:b')).toBe(true);
    expect(parseTarget('orders:*', none).matches('order')).toBe(false);
    expect(parseTarget('price\\*list', none).matches('price*list')).toBe(true);
    expect(parseTarget('price\\*list', none).matches('price-list')).toBe(false);
  });

  it('puts the prefix before channels, and as literal text before globs', () => {
    const odd = new ChannelPrefix('a*[b]:');
    expect(parseTarget('x', odd).subscription.name).toBe('a*[b]:x');
    const target = parseTarget('x*', odd);
    expect(target.matches('a*[b]:x1')).toBe(true);
    expect(target.matches('aZb:x1')).toBe(false);
    expect(odd.strip('a*[b]:x1')).toBe('x1');
    expect(odd.strip('other')).toBe('other');
  });

  it("never prefixes Redis' own channels", () => {
    const shop = new ChannelPrefix('shop:');
    expect(parseTarget('__keyevent@0__:expired', shop).subscription.name).toBe('__keyevent@0__:expired');
    expect(parseTarget('__keyevent@*__:expired', shop).subscription.name).toBe('__keyevent@*__:expired');
  });
});

describe('a target with any one character', () => {
  const characters = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));

  it.each(['channel', 'shard', undefined] as const)('is read as its parts say (kind %s)', (kind) => {
    for (const character of characters) {
      const text = `a:${character}:b`;
      const target = parseTarget(text, none, kind);
      const isPattern = kind === undefined && isGlob(text);
      const name = kind === undefined && !isPattern ? unescapeGlob(text) : text;
      expect(target.subscription).toEqual({ kind: isPattern ? 'pattern' : (kind ?? 'channel'), name });
      expect(target.advice).toBe(kind === undefined ? foreignWildcard(text) : undefined);
      expect(targetProblem(text) !== undefined).toBe(
        isTemplate(text) || '<>'.includes(character) || globProblems(text).length > 0,
      );
    }
  });
});

describe('targetProblem', () => {
  it.each([
    ['', undefined, 'empty'],
    [7, undefined, 'must be a string'],
    ['a[', undefined, 'class'],
    ['orders:*', 'shard', 'no patterns for sharded'],
  ] as const)('says what is wrong with %j (kind %s)', (text, kind, words) => {
    expect(targetProblem(text, kind)).toContain(words);
  });

  it.each(['orders:created', 'orders:*', '*', 'ö:*'])('has nothing against %s', (text) => {
    expect(targetProblem(text)).toBeUndefined();
  });

  it('does not look for a glob in what is a channel by declaration', () => {
    expect(targetProblem('a[', 'channel')).toBeUndefined();
  });
});

describe('orderTargets', () => {
  it('puts channels before globs, keeps the order otherwise, and each subscription once', () => {
    const texts = ['*', 'b', 'a*', 'a', 'b'];
    const ordered = orderTargets(texts.map((text) => parseTarget(text, none)));
    expect(ordered.map(({ text }) => text)).toEqual(['b', 'a', '*', 'a*']);
  });
});

describe('publishProblem', () => {
  it.each(['a*', 'a?', 'a[b', 'a]', 'a\\b', '', '__keyspace@0__:x', undefined, 3])(
    'refuses %j',
    (channel) => {
      expect(publishProblem(channel)).toEqual(expect.any(String));
    },
  );

  it.each(['a', 'a:b', 'ä', ' ', '_a', '{a}'])('allows %j', (channel) => {
    expect(publishProblem(channel)).toBeUndefined();
  });
});

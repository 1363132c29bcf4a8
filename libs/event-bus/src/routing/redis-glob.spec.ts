import { escapeGlob, globProblems, isGlob, RedisGlob, unescapeGlob } from './redis-glob.js';

/** A pattern, channels that it matches, and channels that it does not. */
const semantics: readonly [pattern: string, matching: readonly string[], other: readonly string[]][] = [
  ['', [''], ['a']],
  ['orders', ['orders'], ['', 'order', 'orders:', 'xorders']],
  ['*', ['a', ':', 'orders:created', 'é'], ['']],
  ['**', ['a', 'ab'], ['']],
  ['orders:*', ['orders:', 'orders:created', 'orders:a:b:c', 'orders:é'], ['orders', 'xorders:a', '']],
  ['*:created', [':created', 'orders:created', 'é:created'], ['created', 'orders:created:']],
  ['orders:*:created', ['orders:1:created', 'orders::created', 'orders:é:created'], ['orders:created']],
  ['aa*aa', ['aaaa', 'aaxaa'], ['aaa', 'aa']],
  ['é*é', ['éé', 'éxé'], ['é']],
  ['a*b*c', ['abc', 'a-b-c', 'abcbc', 'aébéc'], ['acb', 'abcb', 'bc']],
  ['*a*a*', ['aa', 'xaxax'], ['a', 'xax']],
  ['*aa*aa*', ['aaaa', 'xaaxaax'], ['aaa', 'aaxa']],
  ['*a?*?b*', ['axxb', 'aabb'], ['axb', 'ab']],
  ['a?c', ['abc', 'a:c', 'a*c'], ['ac', 'abbc', 'aéc']],
  ['a??c', ['abbc', 'aéc'], ['abc']],
  ['????', ['😀', 'abcd'], ['é', '€']],
  ['?*?', ['ab', 'é', 'abc'], ['a']],
  ['[ab]', ['a', 'b'], ['c', 'ab', '']],
  ['[a-c]x', ['ax', 'cx'], ['dx', '-x']],
  ['[c-a]x', ['ax', 'bx', 'cx'], ['dx', '-x']],
  ['[^a-c]x', ['dx', '^x', '-x'], ['ax', 'x']],
  ['[!a]', ['!', 'a'], ['b']],
  ['[a^]', ['a', '^'], ['b']],
  ['[]', [], ['', ']', '[', 'a']],
  ['[]a]', [], ['a', ']a]', '[]a]']],
  ['[^]', ['a', ']', '^'], ['', 'ab']],
  [String.raw`[\]a]`, [']', 'a'], ['\\', 'b']],
  [String.raw`[a\-c]`, ['a', '-', 'c'], ['b', '\\']],
  ['[-a]', ['-', 'a'], ['b']],
  ['[*?]', ['*', '?'], ['a']],
  ['[abc', ['a', 'b', 'c'], ['[abc', 'd', '']],
  ['[a-]', ['a', ']', '^', '_'], ['-', 'b', '[']],
  ['[a-', ['a', '-'], ['b']],
  ['[', [], ['[', 'a', '']],
  ['[^', ['[', 'a'], ['', 'ab']],
  [String.raw`[\ `.trim(), ['\\'], ['[', 'a']],
  ['a]', ['a]'], ['a']],
  ['a-b^c', ['a-b^c'], ['a', 'b']],
  [String.raw`a\*`, ['a*'], [String.raw`a\*`, 'ab']],
  [String.raw`a\*b*`, ['a*b', 'a*bc'], ['axb']],
  [String.raw`\a\?\[`, ['a?['], ['ax[']],
  [String.raw`a\\*`, ['a\\', 'a\\b'], ['a*', 'ab']],
  ['a\\', ['a\\'], ['a']],
  [String.raw`\é`, ['é'], ['e']],
  ['zamówienia:*', ['zamówienia:1', 'zamówienia:ó'], ['zamowienia:1']],
  ['😀?', ['😀a'], ['😀', '😀é']],
  ['\ufffd', ['\ufffd', '\ud800'], ['?']],
  ['\udc00*', ['\ufffd', '\ud800x'], ['x']],
  ['__proto__', ['__proto__'], ['__proto']],
  ['a\nb*', ['a\nb', 'a\nb\r\n'], ['ab']],
];

describe('RedisGlob', () => {
  it.each(semantics)('reads %j as Redis does', (pattern, matching, other) => {
    const glob = new RedisGlob(pattern);
    expect(matching.filter((channel) => !glob.matches(channel))).toEqual([]);
    expect(other.filter((channel) => glob.matches(channel))).toEqual([]);
  });

  it('keeps its pattern as it was written', () => {
    expect(new RedisGlob('orders:[ab]*').pattern).toBe('orders:[ab]*');
  });

  it('reads a class outside ASCII byte by byte', () => {
    const glob = new RedisGlob('[é]*');
    expect(glob.matches('é')).toBe(true);
    expect(glob.matches('è')).toBe(true);
    expect(glob.matches('e')).toBe(false);
  });

  it('gives the same answer at every call', () => {
    const glob = new RedisGlob('news.?.[ab]*');
    const answers = Array.from({ length: 3 }, () => [glob.matches('news.x.a1'), glob.matches('news.x.c1')]);
    expect(answers).toEqual([
      [true, false],
      [true, false],
      [true, false],
    ]);
  });

  it('answers for many stars without backtracking over all of them', () => {
    const glob = new RedisGlob(`${'a*[ab]'.repeat(30)}c`);
    expect(glob.matches('a'.repeat(5_000))).toBe(false);
    expect(glob.matches(`${'a'.repeat(5_000)}c`)).toBe(true);
  });
});

describe('isGlob', () => {
  it.each(['*', 'orders:*', 'a?', '[a', String.raw`\\*`, String.raw`\**`])('sees a glob in %j', (text) => {
    expect(isGlob(text)).toBe(true);
  });

  it.each(['', 'orders:created', String.raw`orders:\*`, String.raw`\?\[`, 'a]', 'a^-', '\\', '{a,b}'])(
    'sees a channel in %j',
    (text) => {
      expect(isGlob(text)).toBe(false);
    },
  );
});

describe('escapeGlob', () => {
  it.each([
    'orders:created',
    'a*b',
    '?',
    '[x]',
    String.raw`a\b`,
    '\\',
    '[^a-z]',
    'é*😀',
    '__proto__',
    '*\n*',
    '',
  ])('makes a glob of %j that matches only it', (text) => {
    const pattern = escapeGlob(text);
    expect(isGlob(pattern)).toBe(false);
    expect(new RedisGlob(pattern).matches(text)).toBe(true);
    expect(new RedisGlob(pattern).matches(`${text}x`)).toBe(false);
    expect(unescapeGlob(pattern)).toBe(text);
  });
});

describe('unescapeGlob', () => {
  it.each([
    [String.raw`orders:\*`, 'orders:*'],
    [String.raw`\?\[\]`, '?[]'],
    [String.raw`a\\b`, String.raw`a\b`],
    ['a\\\nb', 'a\nb'],
    ['a\\', 'a\\'],
    [String.raw`\😀`, '😀'],
  ])('makes of %j the channel %j', (text, channel) => {
    expect(unescapeGlob(text)).toBe(channel);
    expect(new RedisGlob(text).matches(channel)).toBe(true);
  });
});

describe('globProblems', () => {
  it.each([
    '*',
    'orders:*',
    'news.?.[ab]*',
    '[^a-z]',
    '[-a]',
    '[*]',
    'é*',
    String.raw`a\*`,
    '*'.repeat(10),
    '[]',
  ])('has nothing against %j', (pattern) => {
    expect(globProblems(pattern)).toEqual([]);
  });

  it.each([
    ['', 'it is empty and matches no channel; write * for every channel'],
    [
      'a*'.repeat(11),
      'it has 11 stars, and more than 10 can block the server at each PUBLISH; write fewer, one * already crosses every separator',
    ],
    ['a[bc', String.raw`the class "[bc" is not closed; add the ], or write \[ for a literal [`],
    [
      '[a-]',
      String.raw`the class "[a-]" is not closed; the - makes ] the end of a range: write \- for a literal -`,
    ],
    [
      'a[xé]*',
      'the class "[xé]" contains a character outside ASCII, but Redis compares single bytes; write one glob for each such character',
    ],
    ['[z-a]', 'the range "z-a" in the class "[z-a]" is reversed; write "a-z"'],
    ['a\\', String.raw`it ends in a backslash that escapes nothing; write \\ for a literal backslash`],
  ])('says what is wrong with %j', (pattern, problem) => {
    expect(globProblems(pattern)).toEqual([problem]);
  });

  it('says everything that is wrong', () => {
    expect(globProblems(`${'*'.repeat(11)}[z-a][é][b-a\\`)).toHaveLength(4);
  });

  it('does not count literal stars', () => {
    expect(globProblems(`${String.raw`\*`.repeat(11)}[${'*'.repeat(11)}]`)).toEqual([]);
  });

  it('cuts what it shows and keeps it on one line', () => {
    expect(globProblems(`[\n${'a'.repeat(10_000)}`)).toEqual([
      String.raw`the class "[\n${'a'.repeat(37)}…" is not closed; add the ], or write \[ for a literal [`,
    ]);
  });
});

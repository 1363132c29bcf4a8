import fc from 'fast-check';
import { withoutArguments, withoutSecrets } from './secret.text.js';

describe('withoutArguments', () => {
  it.each([
    [
      "ERR unknown command 'AUTH', with args beginning with: 'user' 'pw' ",
      "ERR unknown command 'AUTH', with args beginning with: …",
    ],
    [
      'ERR unknown command `AUTH`, with args beginning with: `user`, `pw`, ',
      'ERR unknown command `AUTH`, with args beginning with: …',
    ],
    ['ERR syntax error, command was: ["auth","pw"]', 'ERR syntax error, command was: …'],
    ['ERR not allowed (arguments: pw)', 'ERR not allowed (arguments: …'],
    [
      "ERR Unknown subcommand or wrong number of arguments for 'p'w'. Try AUTH HELP.",
      "ERR Unknown subcommand or wrong number of arguments for '…'. Try AUTH HELP.",
    ],
    ["ERR unknown subcommand 'pw'. Try AUTH HELP.", "ERR unknown subcommand '…'. Try AUTH HELP."],
    ["ERR Syntax error in HELLO option 'pw'", "ERR Syntax error in HELLO option '…'"],
  ])('cuts what is repeated in: %s', (text, clean) => {
    expect(withoutArguments(text)).toBe(clean);
    expect(withoutArguments(clean)).toBe(clean);
  });

  it.each([
    "ERR wrong number of arguments for 'auth' command",
    "NOPERM this user has no permissions to run the 'config|get' command or its subcommand",
    'NOPERM this user has no permissions to access one of the channels used as arguments',
    'WRONGPASS invalid username-password pair or user is disabled.',
    'connect ECONNREFUSED 127.0.0.1:6379',
    'MOVED 3999 127.0.0.1:6381',
  ])('leaves alone: %s', (text) => {
    expect(withoutArguments(text)).toBe(text);
  });
});

describe('withoutSecrets', () => {
  const SECRET = 'p@ß "w\\o/r\n%d';

  it.each([
    ['as it is', SECRET],
    ['as JSON', JSON.stringify(SECRET)],
    ['as JSON in JSON', JSON.stringify(JSON.stringify(SECRET))],
    ['as JSON in ASCII', '"p@\\u00df \\"w\\\\o/r\\n%d"'],
    ['in a URL', encodeURIComponent(SECRET)],
    ['in a URL, in small letters', encodeURIComponent(SECRET).toLowerCase()],
    ['in a URL that stands in another', encodeURIComponent(encodeURIComponent(SECRET))],
    ['in a form', new URLSearchParams({ q: SECRET }).toString().slice(2)],
    ['as Redis quotes it', String.raw`p@\xc3\x9f \"w\\o/r\n%d`],
    [
      'in single bytes',
      [...Buffer.from(SECRET)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
    ],
    [
      'in escaped bytes',
      [...Buffer.from(SECRET)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
    ],
    ['read as latin1', Buffer.from(SECRET).toString('latin1')],
  ])('finds a secret %s', (_how, text) => {
    const clean = withoutSecrets(`ERR <${text}>, ${text}`, [SECRET]);
    expect(clean.replaceAll(/\\*"/g, '')).toBe('ERR <…>, …');
  });

  it('finds every secret, in every mixture of escapes', () => {
    const escaped = (character: string, how: number) => {
      const code = character.charCodeAt(0);
      const forms = [
        character,
        `\\${character}`,
        `%${code.toString(16).padStart(2, '0')}`,
        `\\x${code.toString(16).padStart(2, '0')}`,
        `\\u${code.toString(16).padStart(4, '0')}`,
      ];
      // A backslash in front of a letter would be another character.
      return /[\w]/.test(character) && how === 1 ? character : forms[how]!;
    };
    const character = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code));
    const unit = fc.tuple(character, fc.integer({ min: 0, max: 4 }));
    fc.assert(
      fc.property(fc.array(unit, { minLength: 8, maxLength: 40 }), (units) => {
        const secret = units.map(([one]) => one).join('');
        const text = units.map(([one, how]) => escaped(one, how)).join('');
        expect(withoutSecrets(`(${text})`, [secret])).toMatch(/^\(…[\\]*\)$/);
      }),
    );
  });

  it('finds a percent sign in front of digits', () => {
    for (const text of ['%2500secret', '%252500secret', '%25%30%30secret'])
      expect(withoutSecrets(`(${text})`, ['%00secret'])).toBe('(…)');
  });

  it('finds the beginning of a long one, and words of four characters', () => {
    const token = 'eyJhbGciOiJIUzI1NiJ9.payload.signature';
    expect(withoutSecrets(`ERR 'AUTH ${token.slice(0, 20)}' is wrong`, [token])).toBe(
      "ERR 'AUTH …' is wrong",
    );
    expect(withoutSecrets('ERR auth word, words, sword, %20word%20, \\r\\nword\\r', ['word'])).toBe(
      'ERR auth …, words, sword, %20…%20, \\r\\n…\\r',
    );
    expect(withoutSecrets('ERR abc', ['abc'])).toBe('ERR abc');
    expect(withoutSecrets('ERR xxlongenoughxx', ['longenough'])).toBe('ERR xx…xx');
  });

  it('takes the longest, and leaves a text that others read as it is', () => {
    expect(withoutSecrets('ERR secret-two', ['secret', 'secret-two'])).toBe('ERR …');
    for (const text of [
      'WRONGPASS invalid username-password pair or user is disabled.',
      "NOPERM this user has no permissions to run the 'publish' command",
      'MOVED 3999 127.0.0.1:6381',
    ]) {
      expect(withoutSecrets(text, ['password', 'publish', '6381', 'WRONGPASS'])).toBe(text);
    }
  });

  it('takes steps in proportion to text and secret, whatever they are', () => {
    // Each escape can be read in two ways.
    const text = '\\'.repeat(2_000) + '%25'.repeat(2_000);
    expect(withoutSecrets(text, ['\\%'.repeat(20)])).toBe(text);
  });
});

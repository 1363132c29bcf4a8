import fc from 'fast-check';
import { defineEvent } from '../contracts/event.contract.js';
import { ChannelPrefix, publishProblem } from './channel-prefix.js';
import { parseTarget, targetProblem } from './handler-target.js';
import { ChannelTemplate, isTemplate, templateProblem } from './channel-template.js';
import { RedisGlob } from './redis-glob.js';

const punctuation = fc.constantFrom(
  ...String.raw`-.,:;/|+$^(){}#&~!@%=_'"`.split(''),
  ' ',
  '\t',
  '\n',
  '\u2028',
  '😀',
);

describe('ChannelTemplate', () => {
  it('reads the parameters of a channel', () => {
    const template = new ChannelTemplate('orders:<orderId>:<step>');
    expect(template.paramNames).toEqual(['orderId', 'step']);
    expect(template.match('orders:42:created')).toEqual({ orderId: '42', step: 'created' });
  });

  it.each([
    ['orders::created', 'an empty value'],
    ['orders:4:2:created', 'a separator in a value'],
    ['orders:4*2:created', 'a glob character in a value'],
    ['orders:4\n2:created', 'a control character in a value'],
    ['xorders:42:created', 'more before it'],
    ['orders:42:created:x', 'more behind it'],
  ])('does not match %j: %s', (channel) => {
    expect(new ChannelTemplate('orders:<id>:created').match(channel)).toBeUndefined();
  });

  it('takes the rest of the channel, separators included, for a tail', () => {
    const template = new ChannelTemplate('files:<bucket>:<path...>');
    expect(template.match('files:b:a:b:c')).toEqual({ bucket: 'b', path: 'a:b:c' });
    expect(template.match('files:b:')).toBeUndefined();
  });

  it('takes the text of any channel that can be published to', () => {
    // < and > stand for parameters alone.
    const text = fc
      .string({
        unit: fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), punctuation),
        maxLength: 8,
      })
      .filter((part) => publishProblem(`x${part}`) === undefined && !/[<>]/.test(part));
    fc.assert(
      fc.property(text, text, text, (head, between, foot) => {
        const template = `x${head}<a>:${between}:<b>${foot}`;
        const channel = `x${head}1:${between}:2${foot}`;
        expect(targetProblem(template)).toBeUndefined();
        const target = parseTarget(template, new ChannelPrefix('p:'));
        expect(target.matches(`p:${channel}`)).toBe(true);
        expect(target.template?.match(channel)).toEqual({ a: '1', b: '2' });
        expect(new RedisGlob(target.subscription.name).matches(`p:${channel}`)).toBe(true);
        expect(defineEvent(template).channelTemplate.fill({ a: '1', b: '2' })).toBe(channel);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(['order-items:<id>:created', '<a>-<b>', 'a/b.c+d$e(f){<id>}|g&h,i#j~k=l!m@n%o^p', 'a <id>\u2028'])(
    'takes the punctuation of %j literally',
    (text) => {
      const template = new ChannelTemplate(text);
      const params = Object.fromEntries(template.paramNames.map((name) => [name, name]));
      expect(template.match(template.fill(params))).toEqual(params);
      expect(template.match(`x${template.fill(params)}`)).not.toEqual(params);
    },
  );

  it('asks Redis for a glob that lets every channel of it through', () => {
    const template = new ChannelTemplate('a.[b]:<x>:{<y>}');
    const channel = template.fill({ x: 'ä-1', y: '42' });
    expect(channel).toBe('a.[b]:ä-1:{42}');
    expect(new RedisGlob(template.glob).matches(channel)).toBe(true);
    expect(template.match(channel)).toEqual({ x: 'ä-1', y: '42' });
  });

  it('gives back the values that a channel was filled with, whatever they are called', () => {
    const template = new ChannelTemplate('<__proto__>:<constructor>');
    const params = template.match('a:b');
    expect(Object.entries(params ?? {})).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
    expect(template.paramsProblem({})).toBe('params.__proto__ is missing.');
  });

  it.each([
    [undefined, 'params.id is missing.'],
    [{}, 'params.id is missing.'],
    [{ id: '' }, 'params.id must be a non-empty string without ":", glob or control characters.'],
    [{ id: 'a:b' }, 'params.id must be a non-empty string without ":", glob or control characters.'],
    [{ id: '*' }, 'params.id must be a non-empty string without ":", glob or control characters.'],
    [{ id: 42 }, 'params.id must be a non-empty string without ":", glob or control characters.'],
    [{ id: 'a', other: 'b' }, 'params.other is not a parameter of orders:<id>.'],
    ['text', 'params must be an object.'],
  ])('says why %j gives no channel', (params, problem) => {
    expect(new ChannelTemplate('orders:<id>').paramsProblem(params)).toBe(problem);
  });

  it('takes a separator in a tail', () => {
    const template = new ChannelTemplate('files:<path...>');
    expect(template.paramsProblem({ path: 'a:b' })).toBeUndefined();
    expect(template.paramsProblem({ path: 'a*b' })).toContain('without glob or control');
  });

  it('is a plain channel without parameters', () => {
    const template = new ChannelTemplate('orders:created');
    expect([template.paramNames, template.glob, template.fill({})]).toEqual([
      [],
      'orders:created',
      'orders:created',
    ]);
    expect(template.match('orders:created')).toEqual({});
  });
});

describe('isTemplate', () => {
  it.each(['a:<b>', '<a>', 'a:<b...>', 'a:<b-c_1>'])('sees the parameter of %s', (text) => {
    expect(isTemplate(text)).toBe(true);
  });

  it.each(['a', 'a:*', 'a<', 'a:<>', 'a:<b c>', 'a:<b..>'])('sees none in %s', (text) => {
    expect(isTemplate(text)).toBe(false);
  });
});

describe('templateProblem', () => {
  it.each([
    ['a:<b>:<b>', 'occurs twice'],
    ['a:<b c>', 'a parameter is written <name>'],
    ['a:<b>:<', 'a parameter is written <name>'],
    ['a:<b>:*', 'cannot contain glob characters'],
    ['<a><b>', 'adjacent'],
    ['<a...>:b', 'must come last'],
  ])('says what is wrong with %s', (text, words) => {
    expect(templateProblem(text)).toContain(words);
  });

  it.each(['a', 'a:<b>', '{<a>}:b', '<a>:<b...>'])('has nothing against %s', (text) => {
    expect(templateProblem(text)).toBeUndefined();
  });
});

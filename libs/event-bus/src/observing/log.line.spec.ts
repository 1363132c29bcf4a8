import { jest } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { ConsoleLogger, Logger } from '@nestjs/common';
import { bare, listed, objectOfLine, quoted, textOfLine } from './log.line.js';
import { LogWriter } from './log.writer.js';

const line = {
  sentence: 'Events may be missing',
  fields: {
    reason: bare('connection-lost'),
    channel: quoted('a"b\u202e'),
    targets: listed(['a', 'b', 'c', 'd', 'e', 'f', 'g']),
    forMs: 12,
    drained: false,
    unlogged: undefined,
  },
  advice: 'Look at it.',
};

describe('a log line', () => {
  it('is a text on one line, with what others wrote in quotes', () => {
    expect(textOfLine(line)).toBe(
      String.raw`Events may be missing (reason=connection-lost channel="a\"b\u202e" targets="a", "b", "c", "d", "e" and 2 more forMs=12 drained=false). Look at it.`,
    );
    expect(textOfLine({ sentence: 'Event bus is ready again', fields: {} })).toBe('Event bus is ready again');
  });

  it('is an object with every value, without what acts on a terminal', () => {
    expect(objectOfLine(line, 'audit')).toEqual({
      message: 'Events may be missing',
      reason: 'connection-lost',
      channel: String.raw`a"b\u202e`,
      targets: ['a', 'b', 'c', 'd', 'e', 'f', 'g'],
      forMs: 12,
      drained: false,
      advice: 'Look at it.',
      bus: 'audit',
    });
  });

  it('cannot be given the name of another bus, or another sentence, by a value', () => {
    const odd = { sentence: 'x', fields: { bus: quoted('forged'), message: quoted('forged') } };
    expect(objectOfLine(odd, 'audit')).toEqual({ message: 'x', bus: 'audit' });
  });

  it('is bounded, whatever its values are', () => {
    const long = 'x'.repeat(1_000_000);
    const many = Array.from({ length: 10_000 }, () => long);
    const fields = { a: quoted(long), b: quoted(long, Infinity), c: bare(long), d: listed(many) };
    const text = JSON.stringify(objectOfLine({ sentence: 'x', fields, advice: long }, 'default'));
    expect(text.length).toBeLessThan(50_000);
  });
});

describe("logFormat: 'fields'", () => {
  afterEach(() => Logger.overrideLogger(['log', 'error', 'warn']));

  it('is one JSON object a line with ConsoleLogger', () => {
    const output = new PassThrough();
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => output.write(text));
    Logger.overrideLogger(new ConsoleLogger({ json: true }));
    new LogWriter('audit', 'fields').warn(line);
    write.mockRestore();
    const lines = String(output.read()).trimEnd().split('\n');
    expect(lines.map((text) => JSON.parse(text) as unknown)).toEqual([
      expect.objectContaining({
        level: 'warn',
        context: 'EventBus:audit',
        message: expect.objectContaining({ message: 'Events may be missing', forMs: 12, bus: 'audit' }),
      }),
    ]);
  });

  it('reaches a logger that takes an object, as that of pino does, with the stack beside it', () => {
    const taken: unknown[][] = [];
    const take = (...parts: unknown[]) => void taken.push(parts);
    Logger.overrideLogger({ log: take, error: take, warn: take });
    new LogWriter('default', 'fields').error(
      { sentence: 'x', fields: { handler: bare('A.b') } },
      new Error('no'),
    );
    expect(taken).toEqual([
      [{ message: 'x', handler: 'A.b', bus: 'default' }, expect.stringMatching(/^\s+at /), 'EventBus'],
    ]);
  });
});

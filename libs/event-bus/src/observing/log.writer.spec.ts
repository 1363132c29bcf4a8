import { jest } from '@jest/globals';
import type { LoggerService, LogLevel } from '@nestjs/common';
import { Logger } from '@nestjs/common';
import { settled } from '../../../../test/support/eventually.js';
import { LogWriter } from './log.writer.js';

const broken = () => {
  throw new Error('the disk is full');
};

const line = (sentence: string) => ({ sentence, fields: {} });

describe('LogWriter', () => {
  let warnings: jest.SpiedFunction<typeof process.emitWarning>;

  beforeEach(() => {
    warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  });
  afterEach(() => {
    warnings.mockRestore();
    Logger.overrideLogger(['log', 'error', 'warn']);
  });

  it.each<[string, () => unknown]>([
    ['throws', broken],
    ['rejects', async () => broken()],
    ['returns what cannot be looked at', () => new Proxy({}, { get: broken })],
  ])('goes on when the logger %s, and says so once a minute', async (_what, write) => {
    Logger.overrideLogger({ log: write, error: write, warn: write, debug: write });
    const writer = new LogWriter('default');
    writer.warn(line('a'));
    writer.error(line('b'), new Error('c'));
    writer.log(line('d'));
    writer.debug(line('e'));
    await settled();
    expect(warnings).toHaveBeenCalledTimes(1);
    expect(warnings.mock.calls[0]?.[0]).toContain('the disk is full');
  });

  it('goes on with a logger that throws when Nest hands over what it held back', () => {
    Logger.overrideLogger({ log: broken, error: broken, warn: broken });
    Logger.attachBuffer();
    const writer = new LogWriter('default');
    writer.warn(line('a'));
    expect(warnings).not.toHaveBeenCalled();
    expect(() => Logger.flush()).not.toThrow();
    expect(warnings).toHaveBeenCalledTimes(1);
  });

  it('writes what Nest held back as text', () => {
    const written: unknown[] = [];
    const write = (message: unknown) => void written.push(message);
    Logger.attachBuffer();
    new LogWriter('default').warn({ sentence: 'It was done', fields: { times: 2 }, advice: 'Do it again' });
    Logger.overrideLogger({ log: write, error: write, warn: write });
    Logger.flush();
    expect(written).toEqual(['It was done (times=2). Do it again']);
  });

  it.each<[string, LoggerService | LogLevel[] | false]>([
    ['of a level that it is not to write', ['log', 'error', 'warn']],
    ['that has no method for it', { log: broken, error: broken, warn: broken }],
    ['that is turned off', false],
  ])('formats nothing for a logger %s', (_what, logger) => {
    Logger.overrideLogger(logger);
    const fields = jest.fn(() => ({}));
    const unformatted = Object.defineProperty({ sentence: 'a', fields: {} }, 'fields', { get: fields });
    new LogWriter('default').debug(unformatted);
    expect(fields).not.toHaveBeenCalled();
    expect(warnings).not.toHaveBeenCalled();
  });

  it('needs no logger', () => {
    Logger.overrideLogger(false);
    expect(() => new LogWriter('default').warn(line('a'))).not.toThrow();
    expect(warnings).not.toHaveBeenCalled();
  });
});

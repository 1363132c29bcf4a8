import { jest } from '@jest/globals';
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

  it('needs no logger', () => {
    Logger.overrideLogger(false);
    expect(() => new LogWriter('default').warn(line('a'))).not.toThrow();
    expect(warnings).not.toHaveBeenCalled();
  });
});

import { resolveHandlerSettings } from './handler.options.js';
import { untyped } from '../../../../test/support/untyped.js';

describe('resolveHandlerSettings', () => {
  it('gives a handler that asks for nothing the documented defaults', () => {
    expect(resolveHandlerSettings({})).toEqual({
      concurrency: 256,
      orderBy: 'channel',
      buffer: { events: 10_000, bytes: 16 * 1024 * 1024, overflow: 'drop-oldest' },
      timeoutMs: undefined,
      stuckAfterMs: 30_000,
      retry: { attempts: 1, delayMs: 100, factor: 2 },
      deadLetter: false,
      group: false,
    });
  });

  it('tries three times as soon as retry is given', () => {
    const three = { attempts: 3, delayMs: 100, factor: 2 };
    expect(resolveHandlerSettings({ retry: {} }).retry).toEqual(three);
    expect(resolveHandlerSettings({}, { retry: {} }).retry).toEqual(three);
    expect(resolveHandlerSettings({ retry: { delayMs: 5 } }).retry).toEqual({ ...three, delayMs: 5 });
  });

  it('takes what a handler says before the defaults of the bus, each option by itself', () => {
    const defaults = {
      concurrency: 8,
      orderBy: 'none',
      buffer: { events: 50, overflow: 'drop-newest' },
      timeoutMs: 1_000,
      stuckAfterMs: false,
      retry: { attempts: 5, factor: 1 },
      deadLetter: 'dead',
      group: 'all',
    } as const;
    expect(resolveHandlerSettings({}, defaults)).toEqual({
      ...defaults,
      buffer: { events: 50, bytes: 16 * 1024 * 1024, overflow: 'drop-newest' },
      retry: { attempts: 5, delayMs: 100, factor: 1 },
    });
    const own = {
      concurrency: 1,
      orderBy: 'channel',
      buffer: { bytes: 9 },
      retry: { delayMs: 7 },
      timeoutMs: 2_000,
      stuckAfterMs: 7,
      deadLetter: 'mine',
      group: 'mine',
    } as const;
    expect(resolveHandlerSettings(own, defaults)).toEqual({
      ...own,
      buffer: { events: 50, bytes: 9, overflow: 'drop-newest' },
      retry: { attempts: 5, delayMs: 7, factor: 1 },
    });
  });

  it('lets a handler out of the dead letters and the group of its bus, and out of its retries', () => {
    const defaults = { deadLetter: 'dead', group: 'all', retry: { attempts: 5 } };
    const own = { deadLetter: false, group: false, retry: { attempts: 1 } } as const;
    expect(resolveHandlerSettings(own, defaults)).toMatchObject(own);
  });

  it('does not let an explicit undefined win', () => {
    const undefinedOptions = { concurrency: undefined, buffer: { events: undefined }, group: undefined };
    expect(resolveHandlerSettings(untyped(undefinedOptions), { concurrency: 2, group: 'g' })).toMatchObject({
      concurrency: 2,
      buffer: { events: 10_000 },
      group: 'g',
    });
  });
});

import { ChannelPrefix } from '../routing/channel-prefix.js';
import { PatternHandlers } from './pattern.handlers.js';
import { PatternTable } from './pattern.table.js';

describe('PatternHandlers', () => {
  it('limits and watches the calls of events as handlerDefaults says, and those of requests not', () => {
    const prefix = new ChannelPrefix('');
    const table = new PatternTable(prefix);
    const callback = Object.assign(async () => undefined as never, {});
    table.addEvent('orders', callback, {});
    table.addMessage('sum', callback);
    const defaults = { timeoutMs: 5, stuckAfterMs: 7, retry: { attempts: 9 } };
    const handlers = new PatternHandlers(table, prefix, undefined as never, undefined as never, defaults);
    expect(handlers.create().map(({ settings }) => settings)).toMatchObject([
      { timeoutMs: 5, stuckAfterMs: 7, retry: { attempts: 1 }, orderBy: 'channel' },
      { timeoutMs: undefined, stuckAfterMs: false, orderBy: 'none' },
    ]);
  });
});

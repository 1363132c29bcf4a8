import type { MessageHandler } from '@nestjs/microservices';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import { PatternHandlers } from './pattern.handlers.js';
import { PatternTable } from './pattern.table.js';

describe('PatternHandlers', () => {
  it('limits and watches the calls of events as handlerDefaults says, and those of requests not', () => {
    const prefix = new ChannelPrefix('');
    const table = new PatternTable(prefix);
    const callback: MessageHandler = () => Promise.reject(new Error('Nobody calls it here.'));
    table.addEvent('orders', callback, {});
    table.addMessage('sum', callback);
    const defaults = { timeoutMs: 5, stuckAfterMs: 7, retry: { attempts: 9 } };
    const nothing = async () => undefined;
    const responder = { send: nothing, answer: nothing, abandon: () => undefined };
    const hooks = { start: () => undefined, end: () => undefined };
    const handlers = new PatternHandlers(table, prefix, responder, hooks, defaults);
    expect(handlers.create().map(({ settings }) => settings)).toMatchObject([
      { timeoutMs: 5, stuckAfterMs: 7, retry: { attempts: 1 }, orderBy: 'channel' },
      { timeoutMs: undefined, stuckAfterMs: false, orderBy: 'none' },
    ]);
  });
});

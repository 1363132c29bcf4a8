import 'reflect-metadata';
import type { MessageHandler } from '@nestjs/microservices';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import { PatternTable } from './pattern.table.js';

const callback = (): MessageHandler => () => Promise.reject(new Error('Nobody calls it here.'));

describe('PatternTable', () => {
  let table: PatternTable;
  beforeEach(() => {
    table = new PatternTable(new ChannelPrefix('shop:'));
  });

  describe('for events', () => {
    it('joins the patterns of one method, and tells methods apart by their identity', () => {
      const [one, other] = [{}, {}];
      table.addEvent('orders', callback(), one);
      table.addEvent('orders.*', callback(), one);
      table.addEvent('orders', callback(), other);
      expect(table.eventMethods.map(({ name }) => name)).toEqual([
        "@EventPattern('orders', 'orders.*')",
        "@EventPattern('orders')",
      ]);
    });

    it('makes a method of its own of a second instance, which comes with the same patterns', () => {
      const identity = {};
      for (const pattern of ['a', 'b', 'a', 'b']) table.addEvent(pattern, callback(), identity);
      expect(table.eventMethods.map(({ name }) => name)).toEqual([
        "@EventPattern('a', 'b')",
        "@EventPattern('a', 'b')",
      ]);
    });

    it('finds the pattern that a method is called for: its channel, or the glob that matched', () => {
      const [exact, wide] = [callback(), callback()];
      const identity = {};
      table.addEvent('orders.paid', exact, identity);
      table.addEvent('orders.*', wide, identity);
      const [method] = table.eventMethods;
      expect(method?.routeFor(undefined, 'shop:orders.paid')?.callback).toBe(exact);
      expect(method?.routeFor('orders.*', 'shop:orders.paid')?.callback).toBe(wide);
      expect(method?.routeFor(undefined, 'shop:orders.sent')).toBeUndefined();
    });

    it('knows which channels have a method, with the prefix of the application', () => {
      table.addEvent('orders', callback(), {});
      table.addEvent('bills.*', callback(), {});
      const channels = ['shop:orders', 'shop:bills.sent', 'orders', 'shop:other'];
      expect(channels.map((channel) => table.hasEventFor(channel))).toEqual([true, true, false, false]);
    });
  });

  describe('for requests', () => {
    it('prefers the exact pattern, then the first glob that was declared', () => {
      const callbacks = ['sum.*', 's*', 'sum.exact'].map((pattern) => {
        const added = callback();
        table.addMessage(pattern, added);
        return added;
      });
      expect(table.messageRouteFor('shop:sum.exact')?.callback).toBe(callbacks[2]);
      expect(table.messageRouteFor('shop:sum.other')?.callback).toBe(callbacks[0]);
      expect(table.messageRouteFor('shop:s')?.callback).toBe(callbacks[1]);
      expect(table.messageRouteFor('shop:other')).toBeUndefined();
    });

    it('takes the later one of two methods with the same pattern', () => {
      const later = callback();
      table.addMessage('sum', callback());
      table.addMessage('sum', later);
      expect(table.messageRoutes.map((route) => route.callback)).toEqual([later]);
    });

    it('are refused by the first method that names the channel for events, where none answers', () => {
      table.addEvent('orders.*', callback(), {});
      table.addEvent('orders.paid', callback(), {});
      table.addEvent('orders.paid', callback(), {});
      expect(table.refuserFor('shop:orders.paid')).toBe(table.eventMethods[1]);
      // A method that hears it through a glob alone keeps silent.
      expect(table.refuserFor('shop:orders.sent')).toBeUndefined();
      table.addMessage('orders.*', callback());
      expect(table.refuserFor('shop:orders.paid')).toBeUndefined();
    });
  });

  describe('patterns', () => {
    it('that are objects are channels, whatever stands in them', () => {
      table.addMessage({ cmd: '*' }, callback());
      const [route] = table.messageRoutes;
      expect(route?.name).toBe('@MessagePattern({"cmd":"*"})');
      expect(route?.target.subscription).toEqual({ kind: 'channel', name: 'shop:{"cmd":"*"}' });
    });

    it('that cannot work are problems, on one line each, and no routes', () => {
      table.addEvent(/orders/, callback(), {});
      table.addMessage('a\nb[', callback());
      expect(table.problems).toEqual([
        expect.stringContaining('a RegExp works only with Kafka'),
        expect.stringMatching(/^@MessagePattern\('a\?b\['\): /),
      ]);
      expect([table.eventMethods, table.messageRoutes]).toEqual([[], []]);
    });

    it('are named for the subscription that they share', () => {
      table.addEvent('orders', callback(), {});
      table.addMessage('orders', callback());
      table.addMessage('other', callback());
      expect(table.namesOf({ kind: 'channel', name: 'shop:orders' })).toEqual([
        "@EventPattern('orders')",
        "@MessagePattern('orders')",
      ]);
    });
  });
});

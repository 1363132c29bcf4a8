import { DispatchJournal, eventOf } from '../../../../test/support/dispatch.journal.js';
import { observedReporter } from '../../../../test/support/bus.reporters.js';
import { settled } from '../../../../test/support/eventually.js';
import type { DispatchReporter } from '../dispatching/dispatch.reporter.js';
import { UNTIMED } from '../dispatching/dispatch.reporter.js';
import type { EventHandler } from '../dispatching/event.handler.js';
import { HandlerQueue } from '../dispatching/handler.queue.js';
import { BusCounts } from '../prometheus/bus.counts.js';
import { PublishTotals } from '../reporting/publish.totals.js';
import type { EventBusObserver } from './event-bus.observer.js';

const handler: EventHandler = { name: 'Orders.bill', targets: [], invoke: () => undefined };

describe('BusReporter', () => {
  it('makes no fact that nobody takes', () => {
    const { reporter, observers } = observedReporter();
    const event = eventOf('orders', 1);
    // What a fact is made of is looked at where it is made, and nowhere else.
    const unread = new Proxy(event, {
      get: () => {
        throw new Error('a fact was made');
      },
    });
    for (let n = 0; n < 2; n += 1) reporter.handled(handler, unread, UNTIMED);
    expect(reporter.counters.handled).toBe(2);
    observers.add({ handled: () => undefined });
    expect(() => reporter.handled(handler, unread, UNTIMED)).toThrow('a fact was made');
  });

  it('has nobody look at the clock while no observer wants to know how long a publish takes', () => {
    const { reporter, observers } = observedReporter();
    expect(reporter.timesPublishes).toBe(false);
    observers.add(new BusCounts([1], () => new Map()));
    observers.add(new PublishTotals(true));
    expect(reporter.timesPublishes).toBe(false);
    observers.add({ publishFailed: () => undefined });
    expect(reporter.timesPublishes).toBe(true);
  });

  describe('with an observer that throws about each call', () => {
    const observer = {
      handled: () => {
        throw new Error('broken');
      },
      failed: () => {
        throw new Error('broken');
      },
    } satisfies EventBusObserver;

    /** The payloads with which a handler is called. */
    async function calledWith(reporter: DispatchReporter): Promise<readonly unknown[]> {
      const calls: unknown[] = [];
      const invoke = ({ payload }: { readonly payload: unknown }) => void calls.push(payload);
      const queue = new HandlerQueue(
        { ...handler, invoke },
        { ...new DispatchJournal().services(), reporter },
      );
      for (const payload of [1, 2, 3]) {
        try {
          queue.push(eventOf('orders', payload));
        } catch {
          // Of the control.
        }
      }
      await settled();
      return calls;
    }

    it('hands every event to the handler', async () => {
      const { reporter, observers } = observedReporter();
      observers.add(observer);
      expect(await calledWith(reporter)).toEqual([1, 2, 3]);
      expect(reporter.counters).toMatchObject({ handled: 3, failed: 0 });
    });

    // The control: why an observer must never be called without its containment.
    it('would leave the handler without its second event if it were called unprotected', async () => {
      expect(await calledWith(Object.assign(new DispatchJournal(), observer))).toEqual([1]);
    });
  });
});

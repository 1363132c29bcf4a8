import { EventBusPublisher, OnEvent, memory } from 'nestjs-redis-event-bus';
import { Injectable } from '@nestjs/common';
import { eventually } from '../support/eventually.js';
import { promptBroker } from '../support/prompt.broker.js';
import { startedApps } from '../support/started.apps.js';

const { start } = startedApps();

describe.each([true, false])('A transport that delivers within publish(), in order: %s', (inOrder) => {
  it('keeps the order of a channel for every handler, though one publishes to it in its call', async () => {
    const seen: Record<'first' | 'second', string[]> = { first: [], second: [] };
    @Injectable()
    class Chain {
      constructor(private readonly publisher: EventBusPublisher) {}

      @OnEvent('chain')
      async first(n: number): Promise<void> {
        seen.first.push(`${n} begins`);
        const published = n < 3 ? this.publisher.publish('chain', n + 1) : undefined;
        await published;
        seen.first.push(`${n} ends`);
      }

      @OnEvent('chain')
      second(n: number): void {
        seen.second.push(`${n} begins`, `${n} ends`);
      }
    }
    const app = await start(
      { providers: [Chain] },
      { transport: memory({ broker: promptBroker({ inOrder }) }), batching: false },
    );
    await app.publisher.publish('chain', 1);
    const inTurn = [1, 2, 3].flatMap((n) => [`${n} begins`, `${n} ends`]);
    await eventually(() => expect(seen).toEqual({ first: inTurn, second: inTurn }));
    expect(app.counters).toMatchObject({ handled: 6, failed: 0 });
  });

  it('hears what is unsubscribed within a call behind what came before', async () => {
    const got: unknown[] = [];
    const app = await start(
      {},
      { transport: memory({ broker: promptBroker({ inOrder }) }), batching: false },
    );
    const subscription = await app.subscriber.subscribe('a', () => {
      void app.publisher.publish('b', 1);
      void subscription.unsubscribe();
    });
    await app.subscriber.subscribe('b', (payload) => void got.push(payload));
    await app.publisher.publish('a', 1);
    await eventually(() => expect(got).toEqual([1]));
  });
});

import { Controller, Injectable, Scope, UseInterceptors } from '@nestjs/common';
import type { EventContext } from 'nestjs-redis-event-bus';
import { EventBusPublisher, OnEvent } from 'nestjs-redis-event-bus';
import { pipelineApps } from './support/pipeline.app.js';

const seen: unknown[] = [];
const start = pipelineApps();
beforeEach(() => void (seen.length = 0));

const OVERLAPPING = ['*', 'orders:*', 'orders:created', 'o?ders:[ab-z]*'];

describe('a handler runs once for each event', () => {
  @Injectable()
  class Plain {
    @OnEvent(OVERLAPPING)
    handle(payload: unknown) {
      seen.push(payload);
    }
  }
  @Injectable({ scope: Scope.REQUEST })
  class Scoped extends Plain {}

  @UseInterceptors({ intercept: (_context, next) => next.handle() })
  @Controller()
  class Piped extends Plain {}

  it.each([
    ['a plain one', { providers: [Plain] }, true],
    ['a plain one with a subscription for each', { providers: [Plain] }, false],
    ['a request-scoped one', { providers: [Scoped] }, true],
    ['a controller with an interceptor', { controllers: [Piped], providers: [Piped] }, true],
  ])(
    'that matches four of its targets, 1,000 identical ones included: %s',
    async (_what, metadata, coalesce) => {
      const bus = await start(metadata, { coalesce });
      const publisher = bus.app.get(EventBusPublisher);
      await Promise.all(Array.from({ length: 1_000 }, () => publisher.publish('orders:created', { id: 1 })));
      await bus.events.settled();
      expect(seen).toHaveLength(1_000);
      expect(bus.events.handled).toHaveLength(1_000);
    },
  );

  it.each([[true], [false]])(
    'and two handlers each run once, whatever their targets have in common (coalesce: %s)',
    async (coalesce) => {
      @Injectable()
      class Two {
        @OnEvent(['orders:created', '*'])
        one() {
          seen.push('one');
        }

        @OnEvent('*')
        @OnEvent('orders:*')
        other() {
          seen.push('other');
        }
      }
      const bus = await start({ providers: [Two] }, { coalesce });
      await bus.publish('orders:created');
      expect(seen.map(String).sort()).toEqual(['one', 'other']);
    },
  );

  it('also when the same target is written twice', async () => {
    @Injectable()
    class Repeated {
      @OnEvent(['a', 'a', 'a*', 'a*'])
      @OnEvent('a')
      handle() {
        seen.push('handled');
      }
    }
    const bus = await start({ providers: [Repeated] });
    await bus.publish('a');
    expect(seen).toEqual(['handled']);
  });
});

describe('event.pattern', () => {
  @Injectable()
  class Handlers {
    @OnEvent('*')
    @OnEvent('orders:*')
    @OnEvent('orders:created')
    many(_payload: unknown, event: EventContext) {
      seen.push(`many ${event.channel} ${event.pattern} ${event.getPattern()}`);
    }

    @OnEvent(['orders:p*', 'orders:*'])
    globs(_payload: unknown, event: EventContext) {
      seen.push(`globs ${event.channel} ${event.pattern} ${event.getPattern()}`);
    }
  }

  it.each([
    ['orders:created', undefined, 'orders:*'],
    ['orders:paid', '*', 'orders:p*'],
    ['orders:shipped', '*', 'orders:*'],
  ])(
    "on %s is the first of the handler's own targets that matches, channels before globs",
    async (channel, many, globs) => {
      const bus = await start({ providers: [Handlers] });
      await bus.publish(channel);
      expect(seen.map(String).sort()).toEqual([
        `globs ${channel} ${globs} ${globs}`,
        `many ${channel} ${many} ${many}`,
      ]);
    },
  );
});

import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  EventBusModule,
  EventBusPublisher,
  InjectEventBusPublisher,
  OnEvent,
  memory,
} from 'nestjs-redis-event-bus';
import type { EventContext } from 'nestjs-redis-event-bus';
import { LogLines } from '../../support/log.lines.js';
import { pipelineApps } from './support/pipeline.app.js';

const seen: unknown[] = [];
const start = pipelineApps();
beforeEach(() => void (seen.length = 0));

describe('with several buses', () => {
  it('a handler gets the events of its own bus, which its context names', async () => {
    @Injectable()
    class Handlers {
      @OnEvent('a')
      main(_payload: unknown, event: EventContext) {
        seen.push(['main', event.bus]);
      }

      @OnEvent('a', { bus: 'audit' })
      audit(_payload: unknown, event: EventContext) {
        seen.push(['audit', event.bus]);
      }
    }
    // Of their own: the testing module would join both on one broker.
    const testing = await Test.createTestingModule({
      imports: [
        EventBusModule.forRoot({ transport: memory() }),
        EventBusModule.forRoot({ transport: memory(), name: 'audit' }),
      ],
      providers: [Handlers, PublisherOfAudit],
    })
      .setLogger(new LogLines())
      .compile();
    const app = testing.createNestApplication();
    await app.init();
    await app.get(EventBusPublisher).publish('a', 1);
    await app.get(PublisherOfAudit).publisher.publish('a', 1);
    await app.close();
    expect(seen).toEqual([
      ['main', 'default'],
      ['audit', 'audit'],
    ]);
  });

  it('a method may belong to two of them, with targets for each', async () => {
    @Injectable()
    class Handlers {
      @OnEvent('orders:*')
      @OnEvent('audit:*', { bus: 'audit' })
      handle(payload: unknown, event: EventContext) {
        seen.push([payload, event.bus, event.pattern]);
      }
    }
    const bus = await start({ providers: [Handlers] }, { buses: [undefined, 'audit'] });
    await bus.publish('orders:created', 1);
    await bus.publish('audit:login', 2, 'audit');
    expect(seen).toEqual([
      [1, 'default', 'orders:*'],
      [2, 'audit', 'audit:*'],
    ]);
  });

  it('a failure is logged with the name of its bus', async () => {
    @Injectable()
    class Handlers {
      @OnEvent('a', { bus: 'audit' })
      handle() {
        throw new Error('down');
      }
    }
    const bus = await start({ providers: [Handlers] }, { buses: ['audit'] });
    await bus.publish('a', 1, 'audit');
    expect(bus.log.lines[0]?.rest.at(-1)).toBe('EventBus:audit');
  });
});

@Injectable()
class PublisherOfAudit {
  constructor(@InjectEventBusPublisher('audit') readonly publisher: EventBusPublisher) {}
}

describe('two applications in one process', () => {
  it('never meet, although they use the same classes', async () => {
    @Injectable()
    class Handlers {
      readonly seen: unknown[] = [];

      @OnEvent('orders:*')
      handle(order: unknown) {
        this.seen.push(order);
      }
    }
    const one = await start({ providers: [Handlers] });
    const other = await start({ providers: [Handlers] });
    await one.publish('orders:created', 'of one');
    await other.publish('orders:created', 'of other');
    await one.events.settled();
    expect(one.app.get(Handlers).seen).toEqual(['of one']);
    expect(other.app.get(Handlers).seen).toEqual(['of other']);
  });

  it('outlive each other', async () => {
    @Injectable()
    class Handlers {
      @OnEvent('orders:*')
      handle(order: unknown) {
        seen.push(order);
      }
    }
    const testing = await Test.createTestingModule({
      imports: [EventBusModule.forRoot({ transport: memory() })],
      providers: [Handlers],
    })
      .setLogger(new LogLines())
      .compile();
    const short = testing.createNestApplication();
    await short.init();
    const long = await start({ providers: [Handlers] });
    await short.close();
    await long.publish('orders:created', 'still');
    expect(seen).toEqual(['still']);
  });
});

import type { ExecutionContext, PipeTransform } from '@nestjs/common';
import { Body, Controller, Injectable, Post, UseInterceptors, createParamDecorator } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { EventContext } from 'nestjs-redis-event-bus';
import { OnEvent } from 'nestjs-redis-event-bus';
import { pipelineApps } from './support/pipeline.app.js';

interface Order {
  readonly id: number;
  readonly lines?: readonly string[];
}

const seen: unknown[] = [];
const start = pipelineApps();
beforeEach(() => void (seen.length = 0));

const OrderId = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => context.switchToRpc().getData<Order>().id,
);
const Channel = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  context.switchToRpc().getContext<EventContext>().getChannel(),
);
const Property = createParamDecorator(
  (name: keyof Order, context: ExecutionContext) => context.switchToRpc().getData<Order>()[name],
);
const Later = createParamDecorator(async (data: string) => data);

describe('a handler is called with', () => {
  it('the payload and the context when it asks for nothing else', async () => {
    @Injectable()
    class Handlers {
      @OnEvent('orders:*')
      handle(...args: unknown[]) {
        const [order, event] = args as [Order, EventContext];
        seen.push(args.length, order, event.channel, event.payload === order);
      }
    }
    const bus = await start({ providers: [Handlers] });
    await bus.publish('orders:created', { id: 1 });
    expect(seen).toEqual([2, { id: 1 }, 'orders:created', true]);
  });

  it('the payload and the context also when something is bound to it', async () => {
    @UseInterceptors({ intercept: (_context, next) => next.handle() })
    @Injectable()
    class Handlers {
      @OnEvent('orders:*')
      handle(order: Order, event: EventContext) {
        seen.push(order, event.channel);
      }
    }
    const bus = await start({ providers: [Handlers] });
    await bus.publish('orders:created', { id: 1 });
    expect(seen).toEqual([{ id: 1 }, 'orders:created']);
  });

  it.each([[null], [0], [''], [false], [[1, 2]], ['text']])('the payload %j as it is', async (payload) => {
    @Injectable()
    class Handlers {
      @OnEvent('any')
      plain(value: unknown) {
        seen.push(value);
      }

      @OnEvent('any')
      decorated(@Payload() value: unknown, @Payload('id') id: unknown) {
        seen.push(value, id);
      }
    }
    const bus = await start({ providers: [Handlers] });
    await bus.publish('any', payload);
    expect(seen).toEqual([payload, payload, undefined]);
    expect(bus.log.troubles).toEqual([]);
  });

  it('what its decorators ask for, in any order', async () => {
    @Injectable()
    class Handlers {
      @OnEvent('orders:*')
      handle(
        @Ctx() event: EventContext,
        @Payload('id') id: number,
        @Payload() order: Order,
        @Payload('nothing') nothing: unknown,
      ) {
        seen.push(event.channel, id, order, nothing);
      }
    }
    const bus = await start({ providers: [Handlers] });
    await bus.publish('orders:created', { id: 1 });
    expect(seen).toEqual(['orders:created', 1, { id: 1 }, undefined]);
  });

  it('undefined for an undecorated argument beside a decorated one, as @EventPattern does', async () => {
    @Injectable()
    class Handlers {
      @OnEvent('orders:*')
      handle(first: unknown, @Ctx() event: EventContext, third?: unknown) {
        seen.push(first, event.channel, third);
      }
    }
    const bus = await start({ providers: [Handlers] });
    await bus.publish('orders:created', { id: 1 });
    expect(seen).toEqual([undefined, 'orders:created', undefined]);
  });

  it("what the application's own decorators make of the event", async () => {
    @Injectable()
    class Handlers {
      @OnEvent('orders:*')
      handle(
        @Channel() channel: string,
        @OrderId() id: number,
        @Property('lines') lines: readonly string[],
        @Later('later') later: string,
      ) {
        seen.push(channel, id, lines, later);
      }
    }
    const bus = await start({ providers: [Handlers] });
    await bus.publish('orders:created', { id: 1, lines: ['tea'] });
    expect(seen).toEqual(['orders:created', 1, ['tea'], 'later']);
  });

  it('what a pipe makes of a custom argument', async () => {
    const describing: PipeTransform = { transform: (id: number, { type }) => `${type} ${id}` };

    @Injectable()
    class Handlers {
      @OnEvent('orders:*')
      handle(@OrderId(describing) id: string) {
        seen.push(id);
      }
    }
    const bus = await start({ providers: [Handlers] });
    await bus.publish('orders:created', { id: 1 });
    expect(seen).toEqual(['custom 1']);
  });

  it('the arguments that a base class declared, when the method is inherited', async () => {
    abstract class Base {
      @OnEvent('orders:*')
      handle(@Payload('id') id: number) {
        seen.push(id);
      }
    }
    @Injectable()
    class Handlers extends Base {}
    const bus = await start({ providers: [Handlers] });
    await bus.publish('orders:created', { id: 1 });
    expect(seen).toEqual([1]);
  });

  it('the payload as the body of a method that is an HTTP route too', async () => {
    @Controller()
    class Both {
      @Post()
      @OnEvent('orders:*')
      handle(@Body() order: Order) {
        seen.push(order);
      }
    }
    const bus = await start({ controllers: [Both] });
    await bus.publish('orders:created', { id: 1 });
    expect(seen).toEqual([{ id: 1 }]);
  });

  it('nothing at all when a custom decorator fails: one line', async () => {
    @Injectable()
    class Handlers {
      @OnEvent('orders:*')
      handle(@OrderId() id: number) {
        seen.push(id);
      }
    }
    const bus = await start({ providers: [Handlers] });
    await bus.publish('orders:created', null);
    expect(seen).toEqual([]);
    expect(bus.log.troubles).toEqual([expect.stringMatching(/^A handler failed \(.*TypeError/)]);
  });
});

import {
  Controller,
  Global,
  Injectable,
  Module,
  SetMetadata,
  UseGuards,
  applyDecorators,
} from '@nestjs/common';
import { EventBusInspector, OnEvent } from 'nestjs-redis-event-bus';
import { jest } from '@jest/globals';
import { pipelineApps } from './support/pipeline.app.js';

const seen: unknown[] = [];
const start = pipelineApps();
beforeEach(() => void (seen.length = 0));

@Injectable()
class Handlers {
  @OnEvent('orders:*')
  handle() {
    seen.push(this);
  }
}

describe('@OnEvent makes a handler of', () => {
  it('an inherited method, once for each class that inherits it', async () => {
    abstract class Base {
      abstract readonly name: string;

      @OnEvent('orders:*')
      handle() {
        seen.push(this.name);
      }
    }
    @Injectable()
    class One extends Base {
      readonly name = 'one';
    }
    class Between extends Base {
      readonly name: string = 'between';
    }
    @Injectable()
    class Other extends Between {
      override readonly name = 'other';
    }
    const bus = await start({ providers: [One, Other] });
    await bus.publish('orders:created');
    expect(seen).toEqual(['one', 'other']);
    expect(bus.events.handled.map(({ handler }) => handler)).toEqual(['One.handle', 'Other.handle']);
  });

  it('no method that overrides a decorated one without a decorator of its own', async () => {
    @Injectable()
    class Overridden extends Handlers {
      override handle() {
        seen.push('overridden');
      }
    }
    const bus = await start({ providers: [Overridden] });
    await bus.publish('orders:created');
    expect(seen).toEqual([]);
  });

  it('a method that overrides a decorated one, with its own targets', async () => {
    @Injectable()
    class Overriding extends Handlers {
      @OnEvent('payments:*')
      override handle() {
        seen.push('overriding');
      }
    }
    const bus = await start({ providers: [Overriding] });
    await bus.publish('orders:created');
    await bus.publish('payments:made');
    expect(seen).toEqual(['overriding']);
  });

  it('a private or asynchronous method as of any other', async () => {
    @Injectable()
    class Hidden {
      @OnEvent('orders:*')
      private async handle() {
        seen.push(await Promise.resolve('private'));
      }
    }
    const bus = await start({ providers: [Hidden] });
    await bus.publish('orders:created');
    expect(seen).toEqual(['private']);
  });

  it('a method of a module class', async () => {
    @Module({})
    class Feature {
      @OnEvent('orders:*')
      handle() {
        seen.push('module');
      }
    }
    const bus = await start({ imports: [Feature] });
    await bus.publish('orders:created');
    expect(seen).toEqual(['module']);
  });

  it('a method with several decorators, called once per event, all targets together', async () => {
    @Injectable()
    class Stacked {
      @OnEvent('orders:created')
      @OnEvent(['orders:*', 'payments:made'])
      @OnEvent('refunds:*')
      handle(payload: unknown) {
        seen.push(payload);
      }
    }
    const bus = await start({ providers: [Stacked] });
    await bus.publish('orders:created', 1);
    await bus.publish('orders:paid', 2);
    await bus.publish('payments:made', 3);
    await bus.publish('refunds:made', 4);
    await bus.publish('payments:refused', 5);
    expect(seen).toEqual([1, 2, 3, 4]);
    const [handler, ...others] = bus.app.get(EventBusInspector).snapshot().handlers;
    expect(others).toEqual([]);
    expect(handler).toMatchObject({
      handler: 'Stacked.handle',
      targets: ['orders:created', 'payments:made', 'orders:*', 'refunds:*'],
    });
  });

  it("the application's own decorator that applies it", async () => {
    const Audited = (topic: string) =>
      applyDecorators(
        OnEvent(`${topic}:*`),
        SetMetadata('audited', true),
        UseGuards({ canActivate: () => seen.push('guard') > 0 }),
      );
    @Injectable()
    class Composed {
      @Audited('orders')
      handle() {
        seen.push('handled');
      }
    }
    const bus = await start({ providers: [Composed] });
    await bus.publish('orders:created');
    expect(seen).toEqual(['guard', 'handled']);
  });

  it('a method that a test spies on after the start', async () => {
    const bus = await start({ providers: [Handlers] });
    const spy = jest.spyOn(bus.app.get(Handlers), 'handle').mockReturnValue(undefined);
    await bus.publish('orders:created', { id: 1 });
    expect(spy).toHaveBeenCalledTimes(1);
    expect(spy).toHaveBeenCalledWith({ id: 1 }, expect.objectContaining({ channel: 'orders:created' }));
    expect(seen).toEqual([]);
  });

  it('the method with `this` in place', async () => {
    const bus = await start({ providers: [Handlers] });
    await bus.publish('orders:created');
    expect(seen).toEqual([bus.app.get(Handlers)]);
  });
});

describe('one instance is one handler', () => {
  @Controller()
  class Controlled extends Handlers {}
  const shared = new Handlers();

  it.each([
    ['under an alias', { providers: [Handlers, { provide: 'alias', useExisting: Handlers }] }],
    [
      'that a factory hands out again',
      { providers: [Handlers, { provide: 'again', useFactory: (it: Handlers) => it, inject: [Handlers] }] },
    ],
    [
      'given as two values',
      {
        providers: [
          { provide: 'one', useValue: shared },
          { provide: 'other', useValue: shared },
        ],
      },
    ],
    ['listed twice', { providers: [Handlers, Handlers] }],
    ['of a controller that is a provider too', { controllers: [Controlled], providers: [Controlled] }],
    [
      'of a controller with an alias',
      { controllers: [Controlled], providers: [Controlled, { provide: 'alias', useExisting: Controlled }] },
    ],
  ])('%s', async (_how, metadata) => {
    const bus = await start(metadata);
    await bus.publish('orders:created');
    expect(seen).toHaveLength(1);
  });

  it('that a global module exports to others', async () => {
    @Global()
    @Module({ providers: [Handlers], exports: [Handlers] })
    class Shared {}
    @Module({
      imports: [Shared],
      providers: [{ provide: 'user', useFactory: (it: Handlers) => ({ it }), inject: [Handlers] }],
    })
    class User {}
    const bus = await start({ imports: [Shared, User] });
    await bus.publish('orders:created');
    expect(seen).toHaveLength(1);
  });

  it('while one class in two modules is two instances, and two handlers', async () => {
    @Module({ providers: [Handlers] })
    class One {}
    @Module({ providers: [Handlers] })
    class Other {}
    const bus = await start({ imports: [One, Other] });
    await bus.publish('orders:created');
    expect(seen).toHaveLength(2);
    expect(seen[0]).not.toBe(seen[1]);
  });

  it('while one class under two tokens is two instances, and two handlers', async () => {
    const bus = await start({ providers: [Handlers, { provide: 'other', useClass: Handlers }] });
    await bus.publish('orders:created');
    expect(new Set(seen).size).toBe(2);
  });
});

describe('a controller', () => {
  it('runs its handler as the very instance that serves HTTP', async () => {
    @Controller()
    class Counting extends Handlers {}
    const bus = await start({ controllers: [Counting], providers: [Counting] });
    await bus.publish('orders:created');
    expect(seen).toEqual([bus.app.get(Counting)]);
  });
});

import { Injectable, Module, Scope, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventBusModule, EventBusPublisher, OnEvent, memory } from 'nestjs-redis-event-bus';
import { EventBusTestingModule, EventRecorder } from 'nestjs-redis-event-bus/testing';
import { LogLines } from '../../support/log.lines.js';
import { pipelineApps } from './support/pipeline.app.js';
import { untyped } from '../../support/untyped.js';

const seen: unknown[] = [];
const start = pipelineApps();
beforeEach(() => void (seen.length = 0));

@Injectable()
class Handlers {
  @OnEvent('orders:*')
  handle() {
    seen.push('handled');
  }
}

describe('what else stands among the providers does no harm', () => {
  class Touchy {
    get value(): never {
      throw new Error('do not touch');
    }
    static get made(): never {
      throw new Error('do not touch');
    }
  }
  class Rootless extends (untyped(null) as ObjectConstructor) {
    handle() {
      return undefined;
    }
  }

  it.each<[string, unknown]>([
    ['null', null],
    ['undefined', undefined],
    ['a string', 'text'],
    ['zero', 0],
    ['a symbol', Symbol('s')],
    ['a function', () => undefined],
    ['a class', Handlers],
    ['an object without a prototype', Object.create(null)],
    ['an object whose prototype has none', Object.create(Object.create(null) as object)],
    ['an instance of a class that extends null', Object.create(Rootless.prototype)],
    ['an object with a getter that throws', new Touchy()],
    [
      'a proxy that knows every name',
      new Proxy({}, { get: (_target, name) => (name === 'then' ? undefined : () => 1) }),
    ],
    ['a frozen object', Object.freeze({})],
    ['a map', new Map()],
    ['a date', new Date(0)],
    ['an array', [1]],
  ])('%s', async (_what, value) => {
    const bus = await start({
      providers: [
        Handlers,
        { provide: 'value', useValue: value },
        { provide: 'factory', useFactory: () => value },
      ],
    });
    await bus.publish('orders:created');
    expect(seen).toEqual(['handled']);
    expect(bus.log.troubles).toEqual([]);
  });

  it('a factory that returns nothing, under the class that it might have made', async () => {
    class Optional {
      @OnEvent('orders:*')
      handle() {
        seen.push('optional');
      }
    }
    const bus = await start({ providers: [Handlers, { provide: Optional, useFactory: () => null }] });
    await bus.publish('orders:created');
    expect(seen).toEqual(['handled']);
    expect(bus.log.troubles).toEqual([]);
  });

  it('a request-scoped factory that has not run yet', async () => {
    const bus = await start({
      providers: [Handlers, { provide: 'scoped', useFactory: () => ({}), scope: Scope.REQUEST }],
    });
    await bus.publish('orders:created');
    expect(seen).toEqual(['handled']);
  });
});

describe('a handler behind a proxy', () => {
  const traced = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, name, receiver) {
        const value: unknown = Reflect.get(object, name, receiver);
        if (name !== 'handle') return value;
        return (...args: unknown[]) => {
          seen.push('traced');
          return Reflect.apply(value as () => unknown, receiver, args) as unknown;
        };
      },
    });

  @Injectable()
  class Guarded {
    @UseGuards({ canActivate: (context) => context.switchToRpc().getData<{ id: number }>().id === 1 })
    @OnEvent('orders:*')
    handle() {
      seen.push('handled');
    }
  }

  @Injectable({ scope: Scope.REQUEST })
  class Scoped extends Guarded {}

  it.each([
    ['a singleton', Guarded],
    ['a request-scoped one', Scoped],
  ])("that Nest's instrumentation makes for %s keeps its guards", async (_what, handler) => {
    @Module({
      imports: [EventBusTestingModule.forRoot(), EventBusModule.forRoot({ transport: memory() })],
      providers: [handler],
    })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, {
      logger: new LogLines(),
      instrument: {
        instanceDecorator: (instance: unknown) => (instance instanceof Guarded ? traced(instance) : instance),
      },
    });
    for (const id of [1, 2]) {
      await app.get(EventBusPublisher).publish('orders:created', { id });
      await app.get(EventRecorder).settled();
    }
    await app.close();
    expect(seen).toEqual(['traced', 'handled']);
  });
});

import type {
  CallHandler,
  CanActivate,
  ExceptionFilter,
  NestInterceptor,
  PipeTransform,
} from '@nestjs/common';
import { Catch, Controller, Inject, Injectable, Scope } from '@nestjs/common';
import {
  APP_FILTER,
  APP_GUARD,
  APP_INTERCEPTOR,
  APP_PIPE,
  ContextIdFactory,
  ModuleRef,
  REQUEST,
} from '@nestjs/core';
import type { EventContext } from 'nestjs-redis-event-bus';
import { OnEvent } from 'nestjs-redis-event-bus';
import { tap } from 'rxjs';
import { pipelineApps } from './support/pipeline.app.js';

interface Order {
  readonly id: number;
}

const seen: unknown[] = [];
const start = pipelineApps();
beforeEach(() => void (seen.length = 0));

@Injectable()
class Handlers {
  private calls = 0;

  @OnEvent('orders:*')
  handle(order: Order) {
    this.calls += 1;
    seen.push([order, this.calls]);
  }

  @OnEvent('failures')
  fail() {
    throw new Error('down');
  }
}

@Controller()
class HandlersController extends Handlers {}

@Injectable({ scope: Scope.REQUEST })
class ScopedGuard implements CanActivate {
  constructor(@Inject(REQUEST) private readonly event: EventContext<Order>) {}

  canActivate() {
    return this.event.payload.id !== 2;
  }
}

const kinds = [
  ['a provider', { providers: [Handlers] }, [1, 2]],
  [
    'a controller, which Nest then makes for each event',
    { controllers: [HandlersController], providers: [] },
    [1, 1],
  ],
  [
    'the instance of a factory',
    { providers: [{ provide: 'orders', useFactory: () => new Handlers() }] },
    [1, 2],
  ],
  ['a value', { providers: [{ provide: 'orders', useValue: new Handlers() }] }, [1, 2]],
] as const;

describe.each(kinds)('a request-scoped APP_GUARD and %s', (_what, { providers, ...rest }, calls) => {
  it('meet: the guard is made for each event, with the event as REQUEST', async () => {
    const bus = await start({
      ...rest,
      controllers: 'controllers' in rest ? [...rest.controllers] : [],
      providers: [...providers, { provide: APP_GUARD, useClass: ScopedGuard, scope: Scope.REQUEST }],
    });
    for (const id of [1, 2, 3]) await bus.publish('orders:created', { id });
    expect(seen).toEqual([
      [{ id: 1 }, calls[0]],
      [{ id: 3 }, calls[1]],
    ]);
    expect(bus.log.troubles).toEqual([expect.stringContaining('A guard refused an event')]);
  });
});

describe('a request-scoped', () => {
  it('APP_PIPE, APP_INTERCEPTOR and APP_FILTER get the event as REQUEST', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Tagging implements PipeTransform, NestInterceptor {
      constructor(@Inject(REQUEST) private readonly event: EventContext<Order>) {}
      transform(value: unknown, { type }: { type: string }) {
        return type === 'body' ? { ...(value as Order), from: this.event.channel } : value;
      }
      intercept(_context: unknown, next: CallHandler) {
        return next.handle().pipe(tap({ complete: () => seen.push(['after', this.event.channel]) }));
      }
    }
    @Catch()
    @Injectable({ scope: Scope.REQUEST })
    class Swallow implements ExceptionFilter<Error> {
      constructor(@Inject(REQUEST) private readonly event: EventContext) {}
      catch(error: Error) {
        seen.push([error.message, this.event.channel]);
      }
    }
    const bus = await start({
      providers: [
        Handlers,
        { provide: APP_PIPE, useClass: Tagging },
        { provide: APP_INTERCEPTOR, useClass: Tagging },
        { provide: APP_FILTER, useClass: Swallow },
      ],
    });
    await bus.publish('orders:created', { id: 1 });
    await bus.publish('failures');
    expect(seen).toEqual([
      [{ id: 1, from: 'orders:created' }, 1],
      ['after', 'orders:created'],
      ['down', 'failures'],
    ]);
    expect(bus.log.troubles).toEqual([]);
  });

  it('APP_GUARD whose constructor fails is one line, and the handler does not run', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class FailingGuard implements CanActivate {
      constructor() {
        throw new Error('no keys');
      }
      canActivate() {
        return true;
      }
    }
    const bus = await start({ providers: [Handlers, { provide: APP_GUARD, useClass: FailingGuard }] });
    await bus.publish('orders:created', { id: 1 });
    expect(seen).toEqual([]);
    expect(bus.log.troubles).toEqual([expect.stringContaining('error="Error: no keys"')]);
  });
});

describe('a transient APP_GUARD', () => {
  it('makes the event what belongs to it can be resolved by', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Always implements CanActivate {
      canActivate() {
        return true;
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class Unit {
      constructor(@Inject(REQUEST) readonly event: EventContext) {}
    }
    @Injectable()
    class Resolving {
      constructor(private readonly moduleRef: ModuleRef) {}

      @OnEvent('orders:*')
      async handle(_order: Order, event: EventContext) {
        const unit = await this.moduleRef.resolve(Unit, ContextIdFactory.getByRequest(event));
        seen.push(unit.event === event);
      }
    }
    const bus = await start({ providers: [Resolving, Unit, { provide: APP_GUARD, useClass: Always }] });
    await bus.publish('orders:created');
    expect(seen).toEqual([true]);
  });

  it('runs with its dependencies on providers and controllers', async () => {
    @Injectable()
    class Rules {
      allows({ id }: Order) {
        return id === 1;
      }
    }
    @Injectable({ scope: Scope.TRANSIENT })
    class TransientGuard implements CanActivate {
      constructor(private readonly rules: Rules) {}
      canActivate(context: { switchToRpc(): { getData<T>(): T } }) {
        return this.rules.allows(context.switchToRpc().getData<Order>());
      }
    }
    const bus = await start({
      providers: [Handlers, Rules, { provide: APP_GUARD, useClass: TransientGuard }],
      controllers: [HandlersController],
    });
    await bus.publish('orders:created', { id: 1 });
    await bus.publish('orders:created', { id: 2 });
    expect(seen).toEqual([
      [{ id: 1 }, 1],
      [{ id: 1 }, 1],
    ]);
    expect(bus.log.troubles).toHaveLength(2);
  });
});

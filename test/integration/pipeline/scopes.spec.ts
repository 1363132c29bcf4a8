import type {
  ArgumentsHost,
  CanActivate,
  CallHandler,
  ExceptionFilter,
  NestInterceptor,
  PipeTransform,
} from '@nestjs/common';
import {
  Catch,
  Controller,
  Inject,
  Injectable,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { ContextIdFactory, ModuleRef, REQUEST } from '@nestjs/core';
import { EventContext, OnEvent } from 'nestjs-redis-event-bus';
import { tap } from 'rxjs';
import { pipelineApps } from './support/pipeline.app.js';

const seen: unknown[] = [];
const start = pipelineApps();
beforeEach(() => void (seen.length = 0));

/** Depended on by whatever is to be made for each event. */
@Injectable({ scope: Scope.REQUEST })
class Unit {
  constructor(@Inject(REQUEST) readonly event: EventContext<{ id: number }>) {}
}

@Injectable()
class Singleton {
  readonly name = 'singleton';
}

describe('a request-scoped handler', () => {
  @Injectable({ scope: Scope.REQUEST })
  class Scoped {
    private calls = 0;

    constructor(
      @Inject(REQUEST) private readonly request: unknown,
      private readonly singleton: Singleton,
    ) {}

    @OnEvent('orders:*')
    handle(order: unknown, event: EventContext) {
      this.calls += 1;
      seen.push({ instance: this, calls: this.calls, isRequest: this.request === event, order });
      seen.push(this.singleton.name);
    }
  }

  @Controller({ scope: Scope.REQUEST })
  class ScopedController extends Scoped {}

  @Injectable()
  class ScopedByDependency {
    constructor(private readonly unit: Unit) {}

    @OnEvent('orders:*')
    handle(order: unknown, event: EventContext) {
      seen.push({ instance: this, calls: 1, isRequest: this.unit.event === event, order });
    }
  }

  it.each([
    ['a provider', { providers: [Scoped, Singleton] }],
    ['a controller', { controllers: [ScopedController], providers: [Singleton] }],
    [
      'a controller that is a provider too',
      { controllers: [ScopedController], providers: [ScopedController, Singleton] },
    ],
    ['a provider that depends on a request-scoped one', { providers: [ScopedByDependency, Unit] }],
    [
      'a class that stands under a token',
      { providers: [{ provide: 'orders', useClass: Scoped }, Singleton] },
    ],
    [
      'a factory that stands under a class',
      {
        providers: [
          Unit,
          {
            provide: ScopedByDependency,
            useFactory: (unit: Unit) => new ScopedByDependency(unit),
            inject: [Unit],
          },
        ],
      },
    ],
  ])('that is %s gets an instance for each event, and the event as REQUEST', async (_what, metadata) => {
    const bus = await start(metadata);
    await bus.publish('orders:created', { id: 1 });
    await bus.publish('orders:created', { id: 2 });
    const calls = seen.filter((entry) => typeof entry === 'object') as { instance: object }[];
    expect(calls).toMatchObject([
      { calls: 1, isRequest: true, order: { id: 1 } },
      { calls: 1, isRequest: true, order: { id: 2 } },
    ]);
    expect(calls[0]?.instance).not.toBe(calls[1]?.instance);
    expect(bus.log.troubles).toEqual([]);
  });

  it('shares what it depends on with its guards, pipes, interceptors and filters, for one event', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Everything implements CanActivate, PipeTransform, NestInterceptor {
      constructor(private readonly unit: Unit) {}
      canActivate() {
        return seen.push(['guard', this.unit]) > 0;
      }
      transform(value: unknown) {
        seen.push(['pipe', this.unit]);
        return value;
      }
      intercept(_context: unknown, next: CallHandler) {
        return next.handle().pipe(tap({ error: () => seen.push(['interceptor', this.unit]) }));
      }
    }

    @Catch()
    @Injectable({ scope: Scope.REQUEST })
    class Filter implements ExceptionFilter {
      constructor(private readonly unit: Unit) {}
      catch() {
        seen.push(['filter', this.unit]);
      }
    }

    @UseGuards(Everything)
    @UsePipes(Everything)
    @UseInterceptors(Everything)
    @UseFilters(Filter)
    @Injectable()
    class Handler {
      constructor(private readonly unit: Unit) {}

      @OnEvent('orders:*')
      handle() {
        seen.push(['handler', this.unit]);
        throw new Error('down');
      }
    }
    const bus = await start({ providers: [Handler, Unit] });
    await bus.publish('orders:created', { id: 1 });
    const entries = seen as [string, Unit][];
    expect(entries.map(([who]) => who)).toEqual([
      'guard',
      'pipe',
      'pipe',
      'handler',
      'interceptor',
      'filter',
    ]);
    const [unit, ...others] = new Set(entries.map(([, each]) => each));
    expect(others).toEqual([]);
    expect(unit?.event.payload).toEqual({ id: 1 });
    expect(bus.log.troubles).toEqual([]);
  });

  it('gets an instance for each of two handlers of one class, and both events are their own', async () => {
    @Injectable()
    class Two {
      constructor(private readonly unit: Unit) {}

      @OnEvent('orders:*')
      one(_order: unknown, event: EventContext) {
        seen.push([this, this.unit.event === event]);
      }

      @OnEvent('orders:*')
      other(_order: unknown, event: EventContext) {
        seen.push([this, this.unit.event === event]);
      }
    }
    const bus = await start({ providers: [Two, Unit] });
    await bus.publish('orders:created');
    const [[one, isOnes], [other, isOthers]] = seen as [[object, boolean], [object, boolean]];
    expect(one).not.toBe(other);
    expect([isOnes, isOthers]).toEqual([true, true]);
  });

  it('can resolve more of what belongs to the event, by the event', async () => {
    @Injectable()
    class Resolving {
      constructor(
        private readonly unit: Unit,
        private readonly moduleRef: ModuleRef,
      ) {}

      @OnEvent('orders:*')
      async handle(_order: unknown, event: EventContext) {
        const unit = await this.moduleRef.resolve(Unit, ContextIdFactory.getByRequest(event));
        seen.push(unit === this.unit);
      }
    }
    const bus = await start({ providers: [Resolving, Unit] });
    await bus.publish('orders:created');
    expect(seen).toEqual([true]);
  });

  it('whose guard alone is request-scoped gets an instance for each event too', async () => {
    @Injectable()
    class UnitGuard implements CanActivate {
      constructor(private readonly unit: Unit) {}
      canActivate() {
        return this.unit.event.payload.id === 1;
      }
    }
    @Injectable()
    class Guarded {
      @UseGuards(UnitGuard)
      @OnEvent('orders:*')
      handle(order: unknown) {
        seen.push(order);
      }
    }
    const bus = await start({ providers: [Guarded, Unit] });
    await bus.publish('orders:created', { id: 1 });
    await bus.publish('orders:created', { id: 2 });
    expect(seen).toEqual([{ id: 1 }]);
    expect(bus.log.troubles).toEqual([expect.stringContaining('A guard refused an event')]);
  });
});

describe('a request-scoped handler that cannot be created', () => {
  @Injectable({ scope: Scope.REQUEST })
  class Failing {
    constructor(@Inject(REQUEST) event: EventContext<{ id: number }>) {
      if (event.payload.id === 1) throw new Error('no tenant');
    }

    @OnEvent('orders:*')
    handle(order: unknown) {
      seen.push(order);
    }
  }

  it('is one line, and the next event gets its instance', async () => {
    const bus = await start({ providers: [Failing] });
    await bus.publish('orders:created', { id: 1 });
    await bus.publish('orders:created', { id: 2 });
    expect(seen).toEqual([{ id: 2 }]);
    expect(bus.log.lines.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^A request-scoped handler could not be created \(handler=Failing\.handle .*error="Error: no tenant"\)$/,
      ),
    ]);
  });

  it('is one line when a dependency is what fails', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Dependent {
      constructor(readonly failing: Failing) {}

      @OnEvent('payments:*')
      handle() {
        seen.push('handled');
      }
    }
    const bus = await start({ providers: [Dependent, Failing] });
    await bus.publish('payments:made', { id: 1 });
    expect(seen).toEqual([]);
    expect(bus.log.troubles).toEqual([expect.stringContaining('error="Error: no tenant"')]);
  });

  it('is the business of its filters first, as in a controller', async () => {
    @Catch()
    class Swallow implements ExceptionFilter<Error> {
      catch(error: Error, host: ArgumentsHost) {
        seen.push([error.message, host.switchToRpc().getContext<EventContext>().channel]);
      }
    }
    @UseFilters(Swallow)
    @Injectable({ scope: Scope.REQUEST })
    class Filtered extends Failing {}
    const bus = await start({ providers: [Filtered] });
    await bus.publish('orders:created', { id: 1 });
    expect(seen).toEqual([['no tenant', 'orders:created']]);
    expect(bus.log.lines).toEqual([]);
  });

  it('is not handed to a filter that would be half made itself', async () => {
    @Catch()
    @Injectable({ scope: Scope.REQUEST })
    class ScopedFilter implements ExceptionFilter {
      constructor(private readonly unit: Unit) {}
      catch() {
        seen.push(this.unit.event.channel);
      }
    }
    @UseFilters(ScopedFilter)
    @Injectable({ scope: Scope.REQUEST })
    class Filtered extends Failing {}
    const bus = await start({ providers: [Filtered, Unit] });
    await bus.publish('orders:created', { id: 1 });
    expect(seen).toEqual([]);
    expect(bus.log.troubles).toEqual([expect.stringContaining('error="Error: no tenant"')]);
  });
});

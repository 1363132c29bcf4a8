import type { CanActivate, ExecutionContext } from '@nestjs/common';
import {
  Controller,
  ForbiddenException,
  Injectable,
  Scope,
  ServiceUnavailableException,
  SetMetadata,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { OnEvent } from 'nestjs-redis-event-bus';
import { of, throwError } from 'rxjs';
import { pipelineApps } from './support/pipeline.app.js';
import { untyped } from '../../support/untyped.js';

interface Order {
  readonly paid?: boolean;
}

/** Lets only paid orders pass. */
@Injectable()
class PaidGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToRpc().getData<Order>().paid === true;
  }
}

const seen: unknown[] = [];
const start = pipelineApps();
beforeEach(() => void (seen.length = 0));

@Injectable()
class Plain {
  @OnEvent('orders:*')
  handle(order: Order) {
    seen.push(order);
  }
}

describe('a guard that is bound to', () => {
  @Injectable()
  class OnMethod {
    @UseGuards(PaidGuard)
    @OnEvent('orders:*')
    handle(order: Order) {
      seen.push(order);
    }
  }

  @UseGuards(PaidGuard)
  @Injectable()
  class OnClass extends Plain {}

  @Controller()
  class OnControllersMethod extends OnMethod {}

  @UseGuards(PaidGuard)
  @Controller()
  class OnController extends Plain {}

  it.each([
    ["a provider's method", { providers: [OnMethod] }],
    ["a provider's class", { providers: [OnClass] }],
    ["a controller's method", { controllers: [OnControllersMethod] }],
    ["a controller's class", { controllers: [OnController] }],
    ['a controller that is a provider too', { controllers: [OnController], providers: [OnController] }],
    ['a class that stands under a token', { providers: [{ provide: 'orders', useClass: OnClass }] }],
    ['every handler, as APP_GUARD', { providers: [Plain, { provide: APP_GUARD, useClass: PaidGuard }] }],
  ])('%s decides which events are handled', async (_where, metadata) => {
    const bus = await start(metadata);
    await bus.publish('orders:created', { paid: false });
    await bus.publish('orders:created', { paid: true });
    expect(seen).toEqual([{ paid: true }]);
    expect(bus.events.failed).toHaveLength(1);
  });

  it('every handler by useGlobalGuards decides which events are handled', async () => {
    const bus = await start(
      { providers: [Plain] },
      { configure: (app) => app.useGlobalGuards(new PaidGuard()) },
    );
    await bus.publish('orders:created', { paid: false });
    await bus.publish('orders:created', { paid: true });
    expect(seen).toEqual([{ paid: true }]);
  });
});

describe('guards', () => {
  it('get their dependencies injected, from the module of the handler', async () => {
    @Injectable()
    class Tenants {
      readonly known = ['acme'];
    }

    @Injectable()
    class TenantGuard implements CanActivate {
      constructor(
        private readonly tenants: Tenants,
        private readonly reflector: Reflector,
      ) {}

      canActivate(context: ExecutionContext): boolean {
        const wanted = this.reflector.get<string>('tenant', context.getHandler());
        return this.tenants.known.includes(wanted);
      }
    }

    @UseGuards(TenantGuard)
    @Injectable()
    class Handlers {
      @SetMetadata('tenant', 'acme')
      @OnEvent('orders:created')
      known() {
        seen.push('known');
      }

      @SetMetadata('tenant', 'other')
      @OnEvent('orders:created')
      unknown() {
        seen.push('unknown');
      }
    }

    const bus = await start({ providers: [Handlers, Tenants] });
    await bus.publish('orders:created');
    expect(seen).toEqual(['known']);
  });

  it.each([
    ['false', () => false],
    ['undefined', () => untyped(undefined)],
    ['a promise of false', () => Promise.resolve(false)],
    ['an Observable of false', () => of(false)],
  ])('refuse an event with %s: one line, and the handler does not run', async (_what, canActivate) => {
    @Injectable()
    class Guarded {
      @UseGuards({ canActivate })
      @OnEvent('orders:*')
      handle() {
        seen.push('handled');
      }
    }
    const bus = await start({ providers: [Guarded] });
    await bus.publish('orders:created');
    expect(seen).toEqual([]);
    expect(bus.log.troubles).toEqual([
      expect.stringMatching(/^A guard refused an event \(handler=Guarded\.handle /),
    ]);
    expect(bus.events.failed[0]?.error).toBeInstanceOf(ForbiddenException);
  });

  it.each([
    ['true', () => true],
    ['a promise of true', () => Promise.resolve(true)],
    ['an Observable of true', () => of(true)],
  ])('let an event pass with %s', async (_what, canActivate) => {
    @Injectable()
    class Guarded {
      @UseGuards({ canActivate })
      @OnEvent('orders:*')
      handle() {
        seen.push('handled');
      }
    }
    const bus = await start({ providers: [Guarded] });
    await bus.publish('orders:created');
    expect(seen).toEqual(['handled']);
    expect(bus.log.troubles).toEqual([]);
  });

  it.each<[string, (error: Error) => unknown]>([
    [
      'throws',
      (error) => {
        throw error;
      },
    ],
    ['rejects', (error) => Promise.reject(error)],
    ['errors', (error) => throwError(() => error)],
  ])('refuse or fail, as the error says that one %s', async (_how, fail) => {
    class RpcException extends Error {}
    const errors = [
      new UnauthorizedException('no token'),
      new RpcException('not yours'),
      new ServiceUnavailableException('no directory'),
      new TypeError('a bug'),
    ];
    @Injectable()
    class Guarded {
      @UseGuards({ canActivate: () => fail(errors.shift() as Error) as boolean })
      @OnEvent('orders:*')
      handle() {
        seen.push('handled');
      }
    }
    const bus = await start({ providers: [Guarded] });
    for (let n = 0; n < 4; n += 1) await bus.publish('orders:created');
    expect(seen).toEqual([]);
    const lines = bus.log.lines.filter(({ message }) => message.startsWith('A guard '));
    // A line without a stack has its context alone with it.
    expect(lines.map(({ level, message, rest }) => [level, rest.length, message])).toEqual([
      ['warn', 1, expect.stringMatching(/^A guard refused .*"UnauthorizedException: no token"\)$/)],
      ['warn', 1, expect.stringMatching(/^A guard refused .*"RpcException: not yours"\)$/)],
      ['error', 2, expect.stringMatching(/^A guard failed .*"ServiceUnavailableException: no directory"\)$/)],
      ['error', 2, expect.stringMatching(/^A guard failed .*"TypeError: a bug"\)$/)],
    ]);
  });

  it('are not said to be made for HTTP where they are bound to the handler', async () => {
    @Injectable()
    class Guarded {
      @UseGuards(PaidGuard)
      @OnEvent('orders:*')
      handle() {
        seen.push('handled');
      }
    }
    const bus = await start({ providers: [PaidGuard, Guarded] });
    await bus.publish('orders:created', {});
    expect(bus.log.troubles).toEqual([expect.not.stringContaining('HTTP')]);
  });

  it('run one after the other, global before class before method, until one refuses', async () => {
    const guard = (name: string, isAllowed: boolean): CanActivate => ({
      canActivate: () => {
        seen.push(name);
        return isAllowed;
      },
    });

    @UseGuards(guard('class', true))
    @Injectable()
    class Guarded {
      @UseGuards(guard('first', true), guard('second', false), guard('third', true))
      @OnEvent('orders:*')
      handle() {
        seen.push('handled');
      }
    }
    const bus = await start(
      { providers: [Guarded] },
      { configure: (app) => app.useGlobalGuards(guard('global', true)) },
    );
    await bus.publish('orders:created');
    expect(seen).toEqual(['global', 'class', 'first', 'second']);
  });

  it('of one handler do not concern another', async () => {
    @Injectable()
    class Two {
      @UseGuards(PaidGuard)
      @OnEvent('orders:*')
      guarded() {
        seen.push('guarded');
      }

      @OnEvent('orders:*')
      open() {
        seen.push('open');
      }
    }
    const bus = await start({ providers: [Two] });
    await bus.publish('orders:created', { paid: false });
    expect(seen).toEqual(['open']);
  });

  it('still run when the instance brings its own version of the method', async () => {
    @Injectable()
    class Bound {
      private readonly what = 'bound';

      constructor() {
        this.handle = this.handle.bind(this);
      }

      @UseGuards(PaidGuard)
      @OnEvent('orders:*')
      handle() {
        seen.push(this.what);
      }
    }
    const bus = await start({ providers: [Bound] });
    await bus.publish('orders:created', { paid: false });
    expect(seen).toEqual([]);
    await bus.publish('orders:created', { paid: true });
    expect(seen).toEqual(['bound']);
  });

  it('that are transient get their dependencies, one instance for each handling class', async () => {
    @Injectable()
    class Rules {
      readonly allowed = true;
    }

    @Injectable({ scope: Scope.TRANSIENT })
    class TransientGuard implements CanActivate {
      constructor(private readonly rules: Rules) {}

      canActivate(): boolean {
        seen.push(this);
        return this.rules.allowed;
      }
    }

    @UseGuards(TransientGuard)
    @Injectable()
    class One extends Plain {}

    @UseGuards(TransientGuard)
    @Controller()
    class Other extends Plain {}

    const bus = await start({ providers: [One, Rules], controllers: [Other] });
    await bus.publish('orders:created');
    await bus.publish('orders:created');
    expect(bus.events.handled).toHaveLength(4);
    const guards = seen.filter((entry) => entry instanceof TransientGuard);
    expect(guards).toHaveLength(4);
    expect(new Set(guards).size).toBe(2);
  });

  it('can be replaced in a test with overrideGuard', async () => {
    @UseGuards(PaidGuard)
    @Injectable()
    class OnClass extends Plain {}
    const bus = await start(
      { providers: [OnClass] },
      { override: (builder) => builder.overrideGuard(PaidGuard).useValue({ canActivate: () => true }) },
    );
    await bus.publish('orders:created', { paid: false });
    expect(seen).toHaveLength(1);
  });
});

describe('a handler that a test replaces', () => {
  @UseGuards(PaidGuard)
  @Injectable()
  class Guarded extends Plain {}
  class Fake extends Guarded {
    override handle(order: Order) {
      seen.push(['fake', order]);
    }
  }

  it('by a value of its class keeps its guards', async () => {
    const bus = await start(
      { providers: [Guarded] },
      { override: (builder) => builder.overrideProvider(Guarded).useValue(new Guarded()) },
    );
    await bus.publish('orders:created', { paid: false });
    await bus.publish('orders:created', { paid: true });
    expect(seen).toEqual([{ paid: true }]);
  });

  it('by something else is no handler any more', async () => {
    const bus = await start(
      { providers: [Guarded] },
      { override: (builder) => builder.overrideProvider(Guarded).useClass(Fake) },
    );
    await bus.publish('orders:created', { paid: true });
    expect(seen).toEqual([]);
  });
});

describe('an enhancer that is bound as a class', () => {
  @UseGuards(PaidGuard)
  @Injectable()
  class Guarded extends Plain {}

  it.each([
    ['a factory', { provide: 'orders', useFactory: () => new Guarded() }],
    ['a value', { provide: 'orders', useValue: new Guarded() }],
  ])(
    'fails the start when Nest would skip it, because the instance comes from %s',
    async (_what, provider) => {
      await expect(start({ providers: [provider] })).rejects.toThrow(
        '@OnEvent on Guarded.handle: Nest does not create PaidGuard for an instance from a factory or a value.',
      );
    },
  );

  it('fails the start as well when it hides in an argument', async () => {
    @Injectable()
    class Upper {
      transform(value: string) {
        return value.toUpperCase();
      }
    }
    const { Payload } = await import('@nestjs/microservices');
    class Piped {
      @OnEvent('names')
      handle(@Payload(Upper) name: string) {
        seen.push(name);
      }
    }
    await expect(start({ providers: [{ provide: 'piped', useFactory: () => new Piped() }] })).rejects.toThrow(
      '@OnEvent on Piped.handle: Nest does not create Upper for an instance',
    );
  });

  it('is no obstacle when it is bound as an instance', async () => {
    @UseGuards(new PaidGuard())
    class Instance extends Plain {}
    const bus = await start({ providers: [{ provide: 'orders', useFactory: () => new Instance() }] });
    await bus.publish('orders:created', { paid: false });
    await bus.publish('orders:created', { paid: true });
    expect(seen).toEqual([{ paid: true }]);
  });
});

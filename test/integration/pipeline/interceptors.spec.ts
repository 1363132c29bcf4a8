import { AsyncLocalStorage } from 'node:async_hooks';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import {
  BadRequestException,
  Controller,
  Injectable,
  RequestTimeoutException,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { Payload } from '@nestjs/microservices';
import { OnEvent } from 'nestjs-redis-event-bus';
import {
  EMPTY,
  NEVER,
  catchError,
  defer,
  from,
  map,
  merge,
  of,
  race,
  retry,
  tap,
  throwError,
  timer,
} from 'rxjs';
import { pipelineApps } from './support/pipeline.app.js';

const seen: unknown[] = [];
const start = pipelineApps();
beforeEach(() => void (seen.length = 0));

@Injectable()
class AroundInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    seen.push('before');
    return next.handle().pipe(tap((result) => seen.push(`after ${String(result)}`)));
  }
}

@Injectable()
class Plain {
  @OnEvent('orders:*')
  handle() {
    seen.push('handler');
    return 'done';
  }
}

const intercepting = (intercept: NestInterceptor['intercept']): NestInterceptor => ({ intercept });

describe('an interceptor that is bound to', () => {
  @Injectable()
  class OnMethod {
    @UseInterceptors(AroundInterceptor)
    @OnEvent('orders:*')
    handle() {
      seen.push('handler');
      return 'done';
    }
  }

  @UseInterceptors(AroundInterceptor)
  @Injectable()
  class OnClass extends Plain {}

  @UseInterceptors(AroundInterceptor)
  @Controller()
  class OnController extends Plain {}

  it.each([
    ["a provider's method", { providers: [OnMethod] }],
    ["a provider's class", { providers: [OnClass] }],
    ["a controller's class", { controllers: [OnController] }],
    ['a controller that is a provider too', { controllers: [OnController], providers: [OnController] }],
    [
      'every handler, as APP_INTERCEPTOR',
      { providers: [Plain, { provide: APP_INTERCEPTOR, useClass: AroundInterceptor }] },
    ],
  ])('%s wraps the call', async (_where, metadata) => {
    const bus = await start(metadata);
    await bus.publish('orders:created');
    expect(seen).toEqual(['before', 'handler', 'after done']);
  });

  it('every handler by useGlobalInterceptors wraps the call', async () => {
    const bus = await start(
      { providers: [Plain] },
      { configure: (app) => app.useGlobalInterceptors(new AroundInterceptor()) },
    );
    await bus.publish('orders:created');
    expect(seen).toEqual(['before', 'handler', 'after done']);
  });
});

describe('interceptors', () => {
  it('run between guards and pipes, the outer one first on the way in and last on the way out', async () => {
    const around = (name: string) =>
      intercepting((_context, next) => {
        seen.push(`${name} in`);
        return next.handle().pipe(tap(() => seen.push(`${name} out`)));
      });

    @UseInterceptors(around('class'))
    @Injectable()
    class Ordered {
      @UseInterceptors(around('method'))
      @UsePipes({ transform: (value, { type }) => (type === 'body' && seen.push('pipe'), value) })
      @OnEvent('orders:*')
      handle() {
        seen.push('handler');
      }
    }
    const bus = await start(
      { providers: [Ordered] },
      {
        configure: (app) =>
          app
            .useGlobalInterceptors(around('global'))
            .useGlobalGuards({ canActivate: () => seen.push('guard') > 0 }),
      },
    );
    await bus.publish('orders:created');
    expect(seen).toEqual([
      'guard',
      'global in',
      'class in',
      'method in',
      'pipe',
      'handler',
      'method out',
      'class out',
      'global out',
    ]);
  });

  const failing = () => Promise.reject(new Error('down'));

  it('that map the result change nothing about the event being handled', async () => {
    @Injectable()
    class Mapped {
      @UseInterceptors(intercepting((_context, next) => next.handle().pipe(map(() => seen.push('mapped')))))
      @OnEvent('orders:*')
      handle() {
        return 1;
      }
    }
    const bus = await start({ providers: [Mapped] });
    await bus.publish('orders:created');
    expect(seen).toEqual(['mapped']);
    expect(bus.events.handled).toHaveLength(1);
  });

  it('that catch a failure make the event a handled one, without a line', async () => {
    @Injectable()
    class Caught {
      @UseInterceptors(
        intercepting((_context, next) =>
          next.handle().pipe(catchError((error) => of(seen.push(String(error))))),
        ),
      )
      @OnEvent('orders:*')
      handle() {
        return failing();
      }
    }
    const bus = await start({ providers: [Caught] });
    await bus.publish('orders:created');
    expect(seen).toEqual(['Error: down']);
    expect(bus.events.handled).toHaveLength(1);
    expect(bus.log.troubles).toEqual([]);
  });

  it('see the very error that a pipe threw', async () => {
    const refusal = new BadRequestException('no id');

    @Injectable()
    class Refused {
      @UseInterceptors(
        intercepting((_context, next) =>
          next.handle().pipe(catchError((error) => emptyAfter(() => seen.push(error)))),
        ),
      )
      @UsePipes({
        transform: () => {
          throw refusal;
        },
      })
      @OnEvent('orders:*')
      handle() {
        seen.push('handler');
      }
    }
    const bus = await start({ providers: [Refused] });
    await bus.publish('orders:created');
    expect(seen).toEqual([refusal]);
    expect(seen[0]).toBe(refusal);
    expect(bus.log.troubles).toEqual([]);
  });

  it('that replace the error decide what is reported', async () => {
    @Injectable()
    class Replaced {
      @UseInterceptors(
        intercepting((_context, next) =>
          next.handle().pipe(catchError(() => throwError(() => new Error('replaced')))),
        ),
      )
      @OnEvent('orders:*')
      handle() {
        return failing();
      }
    }
    const bus = await start({ providers: [Replaced] });
    await bus.publish('orders:created');
    expect(bus.log.troubles).toEqual([expect.stringContaining('error="Error: replaced"')]);
  });

  it('that time out end the call: one line', async () => {
    @Injectable()
    class Slow {
      @UseInterceptors(
        intercepting((_context, next) =>
          race(
            next.handle(),
            merge(timer(1)).pipe(
              map(() => {
                throw new RequestTimeoutException('too slow');
              }),
            ),
          ),
        ),
      )
      @OnEvent('orders:*')
      handle() {
        return NEVER;
      }
    }
    const bus = await start({ providers: [Slow] });
    await bus.publish('orders:created');
    expect(bus.log.troubles).toEqual([
      expect.stringMatching(/^A handler failed .*error="RequestTimeoutException: too slow"/),
    ]);
  });

  it('may call the handler again', async () => {
    let calls = 0;

    @Injectable()
    class Flaky {
      @UseInterceptors(intercepting((_context, next) => next.handle().pipe(retry(2))))
      @OnEvent('orders:*')
      handle() {
        calls += 1;
        if (calls < 3) throw new Error('not yet');
      }
    }
    const bus = await start({ providers: [Flaky] });
    await bus.publish('orders:created');
    expect(calls).toBe(3);
    expect(bus.events.handled).toHaveLength(1);
    expect(bus.log.troubles).toEqual([]);
  });

  it('that repeat the call report the last refusal of a pipe as one', async () => {
    let calls = 0;

    @Injectable()
    class Refusing {
      @UseInterceptors(intercepting((_context, next) => next.handle().pipe(retry(1))))
      @OnEvent('orders:*')
      handle(
        @Payload({ transform: () => Promise.reject(new Error(`refusal ${(calls += 1)}`)) }) order: unknown,
      ) {
        seen.push(order);
      }
    }
    const bus = await start({ providers: [Refusing] });
    await bus.publish('orders:created');
    expect(bus.log.troubles).toEqual([expect.stringMatching(/^A pipe refused an event .*refusal 2/)]);
  });

  it.each([
    ['at once', () => undefined],
    ['asynchronously', () => Promise.resolve()],
  ])(
    'that open an AsyncLocalStorage store open it for the handler, when they do %s',
    async (_when, first) => {
      const storage = new AsyncLocalStorage<string>();
      const opening = intercepting((_context, next) => {
        const opened = () => storage.run('open', () => next.handle());
        const pause = first();
        return pause === undefined ? opened() : pause.then(opened);
      });
      @Injectable()
      class Reading {
        @UseInterceptors(opening, intercepting((_context, next) => next.handle()))
        @UsePipes({ transform: (value: unknown) => (seen.push(`pipe ${storage.getStore()}`), value) })
        @OnEvent('a')
        handle(@Payload() _payload: unknown) {
          seen.push(`handler ${storage.getStore()}`);
        }
      }
      const bus = await start({ providers: [Reading] });
      await bus.publish('a');
      expect(seen).toEqual(['pipe open', 'handler open']);
    },
  );

  it('may leave the handler out', async () => {
    @UseInterceptors(intercepting(() => EMPTY))
    @Injectable()
    class Skipped extends Plain {}
    const bus = await start({ providers: [Skipped] });
    await bus.publish('orders:created');
    expect(seen).toEqual([]);
    expect(bus.events.handled).toHaveLength(1);
  });

  it('that are asynchronous or break down count as a failure of the handler', async () => {
    @Injectable()
    class Broken {
      @UseInterceptors(intercepting(() => Promise.reject(new Error('no cache'))))
      @OnEvent('a')
      rejects() {
        seen.push('handler');
      }

      @UseInterceptors(
        intercepting(() => {
          throw new Error('no cache');
        }),
      )
      @OnEvent('a')
      throws() {
        seen.push('handler');
      }
    }
    const bus = await start({ providers: [Broken] });
    await bus.publish('a');
    expect(seen).toEqual([]);
    expect(bus.log.troubles).toEqual([
      expect.stringContaining('error="Error: no cache"'),
      expect.stringContaining('error="Error: no cache"'),
    ]);
  });
});

/** Completes without a value, after doing something. */
function emptyAfter(effect: () => void) {
  return defer(() => {
    effect();
    return EMPTY;
  });
}

describe('a handler may return', () => {
  it.each([
    ['a value', () => seen.push('value')],
    ['a promise', () => Promise.resolve().then(() => seen.push('promise'))],
    ['an Observable', () => defer(() => of(seen.push('observable')))],
    ['an Observable of several values', () => from([1, 2]).pipe(tap((value) => seen.push(value)))],
    ['an empty Observable', () => emptyAfter(() => seen.push('empty'))],
    ['a promise of an Observable', () => Promise.resolve(defer(() => of(seen.push('both'))))],
    // oxlint-disable-next-line unicorn/no-thenable -- one that is no promise is the point
    ['another thenable', () => ({ then: (done: () => void) => (seen.push('then'), done()) })],
  ])('%s, which is waited for and subscribed to', async (_what, result) => {
    @Injectable()
    class Plainly {
      @OnEvent('orders:*')
      handle(): unknown {
        return result();
      }
    }
    @UseInterceptors(intercepting((_context, next) => next.handle()))
    @Injectable()
    class Intercepted extends Plainly {}

    for (const provider of [Plainly, Intercepted]) {
      seen.length = 0;
      const bus = await start({ providers: [provider] });
      await bus.publish('orders:created');
      expect(seen).not.toEqual([]);
      expect(bus.events.handled).toHaveLength(1);
    }
  });

  it('an Observable that errors, which is a failure: one line', async () => {
    @Injectable()
    class Failing {
      @OnEvent('orders:*')
      handle() {
        return throwError(() => new Error('down'));
      }
    }
    const bus = await start({ providers: [Failing] });
    await bus.publish('orders:created');
    expect(bus.log.troubles).toEqual([expect.stringMatching(/^A handler failed .*error="Error: down"/)]);
  });
});

import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import {
  BadRequestException,
  Catch,
  Controller,
  ForbiddenException,
  HttpException,
  Injectable,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { BaseRpcExceptionFilter, RpcException } from '@nestjs/microservices';
import type { EventContext } from 'nestjs-redis-event-bus';
import { OnEvent, isEventContext } from 'nestjs-redis-event-bus';
import { defer, of, throwError } from 'rxjs';
import { pipelineApps } from './support/pipeline.app.js';
import { untyped } from '../../support/untyped.js';

class OutOfStock extends Error {
  override readonly name = 'OutOfStock';
}

const seen: unknown[] = [];
const start = pipelineApps();
beforeEach(() => void (seen.length = 0));

@Catch()
@Injectable()
class CatchAll implements ExceptionFilter {
  catch(exception: Error, host: ArgumentsHost) {
    seen.push([exception.message, host.switchToRpc().getContext<EventContext>().channel]);
  }
}

@Catch(OutOfStock)
@Injectable()
class CatchOutOfStock implements ExceptionFilter<OutOfStock> {
  catch(exception: OutOfStock) {
    seen.push(`stock: ${exception.message}`);
  }
}

@Injectable()
class Failing {
  @OnEvent('orders:*')
  handle() {
    throw new Error('down');
  }
}

/** What Nest makes of the return value or the throw of a filter is the same wherever it is bound. */
const filtering = (answer: ExceptionFilter['catch']): ExceptionFilter => {
  @Catch()
  class Answering implements ExceptionFilter {
    catch(exception: unknown, host: ArgumentsHost): unknown {
      return answer(exception, host);
    }
  }
  return new Answering();
};

/** Starts an application with one handler that throws `thrown` and has a filter, and publishes one event. */
async function failWith(thrown: unknown, ...filters: Parameters<typeof UseFilters>) {
  @Injectable()
  class Filtered {
    @UseFilters(...filters)
    @OnEvent('orders:*')
    handle() {
      throw thrown;
    }
  }
  const bus = await start({ providers: [Filtered] });
  await bus.publish('orders:created');
  return bus;
}

describe('a filter that is bound to', () => {
  @Injectable()
  class OnMethod {
    @UseFilters(CatchAll)
    @OnEvent('orders:*')
    handle() {
      throw new Error('down');
    }
  }

  @UseFilters(CatchAll)
  @Injectable()
  class OnClass extends Failing {}

  @UseFilters(CatchAll)
  @Controller()
  class OnController extends Failing {}

  it.each([
    ['the method', { providers: [OnMethod] }],
    ['the class', { providers: [OnClass] }],
    ['the class of a controller', { controllers: [OnController] }],
    ['a controller that is a provider too', { controllers: [OnController], providers: [OnController] }],
    ['every handler, as APP_FILTER', { providers: [Failing, { provide: APP_FILTER, useClass: CatchAll }] }],
  ])('%s swallows the failure, and we log nothing', async (_where, metadata) => {
    const bus = await start(metadata);
    await bus.publish('orders:created');
    expect(seen).toEqual([['down', 'orders:created']]);
    expect(bus.log.lines).toEqual([]);
    expect(bus.events.handled).toHaveLength(1);
  });

  it('every handler by useGlobalFilters swallows the failure', async () => {
    const bus = await start(
      { providers: [Failing] },
      { configure: (app) => app.useGlobalFilters(new CatchAll()) },
    );
    await bus.publish('orders:created');
    expect(seen).toEqual([['down', 'orders:created']]);
    expect(bus.log.lines).toEqual([]);
  });
});

describe('filters', () => {
  it('see only what @Catch names, subclasses included; the rest is reported', async () => {
    class SoldOut extends OutOfStock {}
    await failWith(new OutOfStock('tea'), CatchOutOfStock);
    await failWith(new SoldOut('milk'), CatchOutOfStock);
    const { log } = await failWith(new Error('down'), CatchOutOfStock);
    expect(seen).toEqual(['stock: tea', 'stock: milk']);
    expect(log.troubles).toEqual([expect.stringMatching(/^A handler failed .*error="Error: down"/)]);
  });

  it('are asked method first, then class, then global, and one of them answers', async () => {
    const named = (name: string) => filtering(() => void seen.push(name));

    @UseFilters(named('class'))
    @Injectable()
    class Layered {
      @UseFilters(CatchOutOfStock)
      @OnEvent('a')
      specific() {
        throw new Error('down');
      }

      @UseFilters(named('method'))
      @OnEvent('b')
      general() {
        throw new Error('down');
      }
    }
    const bus = await start(
      { providers: [Layered] },
      { configure: (app) => app.useGlobalFilters(named('global')) },
    );
    await bus.publish('a');
    await bus.publish('b');
    expect(seen).toEqual(['class', 'method']);
  });

  it.each([
    ['nothing', () => undefined],
    ['a value', () => 'dealt with'],
    ['a promise', () => Promise.resolve()],
    ['an Observable, which is subscribed to', () => defer(() => of(seen.push('subscribed')))],
  ])('swallow the failure when they return %s', async (_what, answer) => {
    const bus = await failWith(new Error('down'), filtering(answer));
    expect(bus.log.lines).toEqual([]);
    expect(bus.events.handled).toHaveLength(1);
  });

  it('get the very error that was thrown, from guards, pipes, interceptors and the handler', async () => {
    const refusal = new BadRequestException('no id');
    const keep = filtering((error) => void seen.push(error));

    @UseFilters(keep)
    @Injectable()
    class Everywhere {
      @UseGuards({ canActivate: () => Promise.reject(refusal) })
      @OnEvent('guard')
      guarded() {
        seen.push('handled');
      }

      @UseGuards({ canActivate: () => false })
      @OnEvent('refused')
      refused() {
        seen.push('handled');
      }

      @UsePipes({ transform: () => Promise.reject(refusal) })
      @OnEvent('pipe')
      piped() {
        seen.push('handled');
      }

      @UseInterceptors({ intercept: () => throwError(() => refusal) })
      @OnEvent('interceptor')
      intercepted() {
        seen.push('handled');
      }

      @OnEvent('handler')
      handle() {
        return throwError(() => refusal);
      }
    }
    const bus = await start({ providers: [Everywhere] });
    for (const channel of ['guard', 'pipe', 'interceptor', 'handler', 'refused']) await bus.publish(channel);
    expect(seen.slice(0, 4).every((error) => error === refusal)).toBe(true);
    expect(seen.slice(4)).toEqual([expect.any(ForbiddenException)]);
    expect(bus.log.lines).toEqual([]);
  });

  it('see by its own class what a guard or a pipe threw', async () => {
    @Catch(ForbiddenException, BadRequestException)
    class CatchRefusals implements ExceptionFilter<HttpException> {
      catch(error: HttpException) {
        seen.push(error.getStatus());
      }
    }

    @UseFilters(CatchRefusals)
    @Injectable()
    class Refusing {
      @UseGuards({ canActivate: () => false })
      @OnEvent('guard')
      guarded() {
        seen.push('handled');
      }

      @UsePipes({ transform: () => Promise.reject(new BadRequestException('no id')) })
      @OnEvent('pipe')
      piped() {
        seen.push('handled');
      }
    }
    const bus = await start({ providers: [Refusing] });
    await bus.publish('guard');
    await bus.publish('pipe');
    expect(seen).toEqual([403, 400]);
    expect(bus.log.lines).toEqual([]);
  });

  it('get whatever was thrown, also when it is no error', async () => {
    for (const thrown of ['text', undefined, null, { a: 1 }]) {
      const bus = await failWith(
        thrown,
        filtering((error) => void seen.push(error)),
      );
      expect(bus.log.lines).toEqual([]);
    }
    expect(seen).toEqual(['text', undefined, null, { a: 1 }]);
  });

  it('get their dependencies injected', async () => {
    @Injectable()
    class Outbox {
      readonly letters: string[] = [];
    }
    @Catch()
    class Mailing implements ExceptionFilter<Error> {
      constructor(private readonly outbox: Outbox) {}
      catch(error: Error) {
        this.outbox.letters.push(error.message);
      }
    }
    @UseFilters(Mailing)
    @Injectable()
    class Mailed extends Failing {}
    const bus = await start({ providers: [Mailed, Outbox] });
    await bus.publish('orders:created');
    expect(bus.app.get(Outbox).letters).toEqual(['down']);
  });

  it('are told the class and the method that failed', async () => {
    const bus = await failWith(
      new Error('down'),
      filtering((_error, host) => {
        const context = host as ArgumentsHost & {
          getClass(): { name: string };
          getHandler(): { name: string };
        };
        seen.push([host.getType(), isEventContext(host), context.getClass().name, context.getHandler().name]);
      }),
    );
    expect(seen).toEqual([['rpc', true, 'Filtered', 'handle']]);
    expect(bus.log.lines).toEqual([]);
  });
});

describe('a filter that passes the failure on makes one line', () => {
  const rethrow = (error: unknown): never => {
    throw error;
  };

  it('about the failure, when it rethrows it', async () => {
    const bus = await failWith(new Error('down'), filtering(rethrow));
    expect(bus.log.lines.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^A handler failed .*error="Error: down"/),
    ]);
  });

  it('about the failure, when that was a TypeError', async () => {
    const bus = await failWith(new TypeError('x is not a function'), filtering(rethrow));
    expect(bus.log.troubles).toEqual([expect.stringMatching(/^A handler failed .*TypeError/)]);
    expect(bus.log.troubles[0]).not.toContain('isEventContext');
  });

  it('that still says where it failed', async () => {
    @UseFilters(filtering(rethrow))
    @UsePipes({ transform: () => Promise.reject(new BadRequestException('no id')) })
    @Injectable()
    class Refusing extends Failing {}
    const bus = await start({ providers: [Refusing] });
    await bus.publish('orders:created');
    expect(bus.log.troubles).toEqual([expect.stringMatching(/^A pipe refused an event /)]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new HttpException('gone', 410);
      },
    ],
    ['rejects with', () => Promise.reject(new HttpException('gone', 410))],
    ['returns an Observable of', () => throwError(() => new HttpException('gone', 410))],
  ])('about the other error that it %s', async (_how, answer: () => unknown) => {
    const bus = await failWith(new Error('down'), filtering(answer));
    expect(bus.log.troubles).toEqual([
      expect.stringMatching(/^A handler failed .*error="HttpException: gone"/),
    ]);
  });

  it('about the failure, when it makes an RPC reply of it: an event has nobody to reply to', async () => {
    const bus = await failWith(
      new RpcException({ code: 7 }),
      filtering((error) => throwError(() => (error as RpcException).getError())),
    );
    expect(bus.log.troubles).toEqual([expect.stringMatching(/^A handler failed .*Rpc Exception/)]);
    expect(bus.events.failed[0]?.error).toBeInstanceOf(RpcException);
  });

  it.each([
    ['an unknown error, which Nest logs', new Error('down'), 'down'],
    ['an RpcException, which Nest does not log', new RpcException('denied'), 'denied'],
    ['an HttpException, which Nest does not log', new BadRequestException('no id'), 'no id'],
  ])(
    "whoever writes it, when it extends Nest's BaseRpcExceptionFilter and gets %s",
    async (_what, thrown, text) => {
      @Catch()
      class Rpc extends BaseRpcExceptionFilter {}
      const bus = await failWith(thrown, Rpc);
      expect(bus.log.troubles).toEqual([expect.stringContaining(text)]);
    },
  );
});

describe('a filter that breaks down', () => {
  it.each([
    [
      'synchronously',
      (_error: unknown, host: ArgumentsHost) => host.switchToHttp().getResponse().status(500),
    ],
    ['later', async (_error: unknown, host: ArgumentsHost) => host.switchToHttp().getResponse().status(500)],
    [
      'in its Observable',
      (_error: unknown, host: ArgumentsHost) => defer(() => host.switchToHttp().getResponse().status(500)),
    ],
  ])('%s is contained: one line with both failures and the cure', async (_when, answer) => {
    const bus = await failWith(new Error('the database\nis down'), filtering(untyped(answer)));
    expect(bus.log.lines.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^An exception filter failed \(.*error="TypeError: .*status is not a function"\)/,
      ),
    ]);
    expect(bus.log.troubles[0]).toContain('It was called for "the database is down"');
    expect(bus.log.troubles[0]).toContain('if (isEventContext(host)) throw exception;');
  });
});

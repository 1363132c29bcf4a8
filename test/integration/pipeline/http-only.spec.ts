import type { ArgumentsHost, CanActivate, ExceptionFilter, ExecutionContext } from '@nestjs/common';
import {
  Catch,
  Controller,
  Get,
  HttpException,
  Injectable,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, BaseExceptionFilter } from '@nestjs/core';
import { OnEvent, isEventContext } from 'nestjs-redis-event-bus';
import request from 'supertest';
import { pipelineApps } from './support/pipeline.app.js';

const seen: unknown[] = [];
const start = pipelineApps();
beforeEach(() => void (seen.length = 0));

@Controller()
class Orders {
  @Get('orders')
  list() {
    return [];
  }

  @Get('broken')
  broken(): never {
    throw new HttpException('gone', 410);
  }

  @OnEvent('orders:*')
  handle() {
    seen.push('handled');
  }

  @OnEvent('failures')
  fail() {
    throw new Error('the database is down');
  }
}

describe('an APP_GUARD that is made for HTTP', () => {
  @Injectable()
  class TokenGuard implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
      if (headers['authorization'] === undefined) throw new UnauthorizedException('no token');
      return true;
    }
  }

  @Injectable()
  class RefusingGuard implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      return context.switchToHttp().getRequest<{ headers?: unknown }>().headers !== undefined;
    }
  }

  it.each([
    ['throws a TypeError', TokenGuard, {}, 'error', /^A guard failed \(.*TypeError/],
    [
      'throws for a missing token',
      TokenGuard,
      { headers: {} },
      'warn',
      /^A guard refused an event \(.*no token/,
    ],
    ['returns false', RefusingGuard, {}, 'warn', /^A guard refused an event \(.*Forbidden/],
  ])('and %s is contained: one line that names the cure', async (_what, guard, payload, level, line) => {
    const bus = await start({ controllers: [Orders], providers: [{ provide: APP_GUARD, useClass: guard }] });
    await bus.publish('orders:created', payload);
    expect(seen).toEqual([]);
    expect(bus.log.lines.map(({ level: written, message }) => [written, message])).toEqual([
      [level, expect.stringMatching(line)],
    ]);
    expect(bus.log.troubles[0]).toContain('if (isEventContext(context)) return true;');
    await request(bus.app.getHttpServer()).get('/orders').set('authorization', 'me').expect(200);
  });

  it('lets events pass once it has the cure', async () => {
    @Injectable()
    class Cured extends TokenGuard {
      override canActivate(context: ExecutionContext): boolean {
        if (isEventContext(context)) return true;
        return super.canActivate(context);
      }
    }
    const bus = await start({ controllers: [Orders], providers: [{ provide: APP_GUARD, useClass: Cured }] });
    await bus.publish('orders:created');
    expect(seen).toEqual(['handled']);
    expect(bus.log.troubles).toEqual([]);
    await request(bus.app.getHttpServer()).get('/orders').expect(401);
  });

  it("when bound to one class, does not concern other classes' handlers", async () => {
    @UseGuards(TokenGuard)
    @Controller('guarded')
    class Guarded extends Orders {}
    const bus = await start({ controllers: [Guarded, Orders] });
    await bus.publish('orders:created');
    expect(seen).toEqual(['handled']);
    expect(bus.log.troubles).toEqual([expect.stringContaining('handler=Guarded.handle')]);
  });
});

describe('a global filter that is made for HTTP', () => {
  @Catch()
  class Answering implements ExceptionFilter {
    catch(_error: unknown, host: ArgumentsHost) {
      const response = host
        .switchToHttp()
        .getResponse<{ status(code: number): { json(body: unknown): void } }>();
      response.status(418).json({ error: 'teapot' });
    }
  }

  const oneLine = [
    expect.stringMatching(
      /^An exception filter failed \(handler=Orders\.fail .*TypeError.*It was called for "the database is down".*isEventContext/,
    ),
  ];

  it('is contained when it meets an event: one line with the failure and the cure', async () => {
    const bus = await start({
      controllers: [Orders],
      providers: [{ provide: APP_FILTER, useClass: Answering }],
    });
    await bus.publish('failures');
    await bus.publish('orders:created');
    expect(bus.log.troubles).toEqual(oneLine);
    expect(seen).toEqual(['handled']);
    await request(bus.app.getHttpServer()).get('/broken').expect(418);
  });

  it("is contained when it is Nest's own BaseExceptionFilter", async () => {
    const bus = await start({
      controllers: [Orders],
      providers: [{ provide: APP_FILTER, useClass: BaseExceptionFilter }],
    });
    await bus.publish('failures');
    expect(bus.log.troubles).toEqual(oneLine);
    await request(bus.app.getHttpServer()).get('/broken').expect(410);
  });

  it('passes the failure on once it has the cure: one line', async () => {
    @Catch()
    class Cured extends Answering {
      override catch(exception: unknown, host: ArgumentsHost) {
        if (isEventContext(host)) throw exception;
        // oxlint-disable-next-line promise/valid-params -- a filter's catch, not a promise's
        super.catch(exception, host);
      }
    }
    const bus = await start({ controllers: [Orders], providers: [{ provide: APP_FILTER, useClass: Cured }] });
    await bus.publish('failures');
    expect(bus.log.troubles).toEqual([
      expect.stringMatching(/^A handler failed \(.*error="Error: the database is down"\)$/),
    ]);
  });
});

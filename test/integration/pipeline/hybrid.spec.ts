import type { CallHandler, ExecutionContext, PipeTransform } from '@nestjs/common';
import { Body, Catch, Controller, Get, Injectable, Post } from '@nestjs/common';
import { EventBusPublisher, OnEvent, isEventContext } from 'nestjs-redis-event-bus';
import request from 'supertest';
import { tap } from 'rxjs';
import { pipelineApps } from './support/pipeline.app.js';

const seen: unknown[] = [];
const start = pipelineApps();
beforeEach(() => void (seen.length = 0));

@Controller('orders')
class Orders {
  private count = 0;

  constructor(private readonly publisher: EventBusPublisher) {}

  @Post()
  async place(@Body() order: object) {
    await this.publisher.publish('orders:created', order);
    return order;
  }

  @Get()
  counted() {
    return { count: this.count };
  }

  @OnEvent('orders:created')
  handle() {
    this.count += 1;
  }
}

describe('an application with HTTP and events', () => {
  it('serves both from one controller instance', async () => {
    const bus = await start({ controllers: [Orders] });
    const http = request(bus.app.getHttpServer());
    await http.post('/orders').send({ id: 1 }).expect(201);
    await http.post('/orders').send({ id: 2 }).expect(201);
    await bus.events.settled();
    expect((await http.get('/orders').expect(200)).body).toEqual({ count: 2 });
  });

  it('applies what main.ts binds globally to both, each with its own context type', async () => {
    const stamp: PipeTransform = {
      transform: (value: unknown, { type }) =>
        type === 'body' ? { ...(value as object), stamped: true } : value,
    };
    const intercept = (context: ExecutionContext, next: CallHandler) =>
      next.handle().pipe(tap(() => seen.push(`${context.getType()} ${isEventContext(context)}`)));

    @Injectable()
    class Handlers {
      @OnEvent('orders:created')
      handle(order: object) {
        seen.push(order);
      }
    }
    const bus = await start(
      { controllers: [Orders], providers: [Handlers] },
      { configure: (app) => app.useGlobalPipes(stamp).useGlobalInterceptors({ intercept }) },
    );
    const { body } = await request(bus.app.getHttpServer()).post('/orders').send({ id: 1 }).expect(201);
    await bus.events.settled();
    expect(body).toEqual({ id: 1, stamped: true });
    expect(seen).toContainEqual({ id: 1, stamped: true });
    expect(seen.filter((entry) => typeof entry === 'string').sort()).toEqual([
      'http false',
      'rpc true',
      'rpc true',
    ]);
  });

  it('lets a global filter answer requests and swallow failures of events', async () => {
    @Catch()
    class Both {
      catch(error: Error, host: ExecutionContext) {
        if (isEventContext(host)) {
          seen.push(error.message);
          return;
        }
        host.switchToHttp().getResponse<{ sendStatus(code: number): void }>().sendStatus(418);
      }
    }
    @Controller()
    class Failing {
      @Get('fail')
      request() {
        throw new Error('no');
      }

      @OnEvent('fail')
      event() {
        throw new Error('no event');
      }
    }
    const bus = await start(
      { controllers: [Failing] },
      { configure: (app) => app.useGlobalFilters(new Both()) },
    );
    await request(bus.app.getHttpServer()).get('/fail').expect(418);
    await bus.publish('fail');
    expect(seen).toEqual(['no event']);
    expect(bus.log.lines).toEqual([]);
  });
});

import type {
  ArgumentsHost,
  CallHandler,
  CanActivate,
  ExecutionContext,
  ExceptionFilter,
  INestMicroservice,
  NestInterceptor,
  PipeTransform,
} from '@nestjs/common';
import {
  Body,
  Catch,
  Controller,
  Get,
  HttpCode,
  Inject,
  Injectable,
  Module,
  Post,
  Query,
} from '@nestjs/common';
import {
  Client,
  ClientProxy,
  ClientsModule,
  Ctx,
  MessagePattern,
  Payload,
  Transport,
} from '@nestjs/microservices';
import type { ClientOptions, CustomClientOptions } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import type { TransportFactory } from 'nestjs-redis-event-bus';
import { isEventContext } from 'nestjs-redis-event-bus';
import type { EventBusServerOptions, Packet } from 'nestjs-redis-event-bus/microservices';
import {
  EventBusClient,
  EventBusServer,
  MicroserviceContext,
  nestPacket,
  packetCodec,
} from 'nestjs-redis-event-bus/microservices';
import type { Observable } from 'rxjs';
import { NEVER, concat, firstValueFrom, from, lastValueFrom, of, scan, take, tap, toArray } from 'rxjs';
import request from 'supertest';
import { Inbox } from '../../../support/inbox.js';
import { EventPattern } from './event-pattern.js';
import { MicroserviceApps, inAnyOrder } from './microservice.apps.js';
import { itOnNest12 } from '../../../support/nest.major.js';

/** What an application written for Nest's own Redis transport does, with nothing changed but the transport. */
export function describeNestScenarios(transport: () => TransportFactory): void {
  const apps = new MicroserviceApps(transport);
  const seen = new Inbox<unknown>();
  beforeEach(() => seen.clear());

  const clientOptions = (): CustomClientOptions => ({
    customClass: EventBusClient,
    options: { transport: transport() },
  });
  const clients = () => ClientsModule.register([{ name: 'MATH', ...clientOptions() }]);
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

  @Controller()
  class MathController {
    constructor(@Inject('MATH') private readonly client: ClientProxy) {}

    @Post()
    @HttpCode(200)
    call(@Query('command') cmd: string, @Body() numbers: number[]): Observable<number> {
      return this.client.send<number>({ cmd }, numbers);
    }

    @Post('stream')
    @HttpCode(200)
    stream(@Body() numbers: number[]): Observable<number> {
      return this.client.send<number>({ cmd: 'streaming' }, numbers).pipe(scan((a, b) => a + b));
    }

    @Post('notify')
    notify(@Body() note: object): Observable<unknown> {
      return this.client.emit('notification', note);
    }

    @Get('broadcast')
    broadcast(): Observable<number> {
      return this.client.send<number>({ cmd: 'broadcast' }, {}).pipe(
        scan((a, b) => a + b),
        take(2),
      );
    }

    @MessagePattern({ cmd: 'sum' })
    sum(numbers: number[]): number {
      return sum(numbers);
    }

    @MessagePattern({ cmd: 'asyncSum' })
    async asyncSum(numbers: number[]): Promise<number> {
      return Promise.resolve(sum(numbers));
    }

    @MessagePattern({ cmd: 'streamSum' })
    streamSum(numbers: number[]): Observable<number> {
      return of(sum(numbers));
    }

    @MessagePattern({ cmd: 'streaming' })
    streaming(numbers: number[]): Observable<number> {
      return from(numbers);
    }

    @MessagePattern({ cmd: 'broadcast' })
    replyBroadcast(): Observable<number> {
      return concat(of(1), NEVER);
    }

    @EventPattern('notification')
    notified(note: object): void {
      seen.push(note);
    }
  }

  const startMath = (servers = 1, server: Partial<EventBusServerOptions> = {}) =>
    apps.hybrid({ imports: [clients()], controllers: [MathController] }, { servers, server });

  describe('requests', () => {
    it.each([
      ['a value', 'sum'],
      ['a promise', 'asyncSum'],
      ['an Observable', 'streamSum'],
    ])('are answered with what the method returns: %s', async (_what, command) => {
      const app = await startMath();
      await request(app.getHttpServer()).post(`/?command=${command}`).send([1, 2, 3, 4, 5]).expect(200, '15');
    });

    it('are answered with every value of a stream, in its order', async () => {
      const app = await startMath();
      await request(app.getHttpServer()).post('/stream').send([1, 2, 3, 4, 5]).expect(200, '15');
      const values = apps.client().send<number>({ cmd: 'streaming' }, [5, 4, 3, 2, 1]).pipe(toArray());
      expect(await lastValueFrom(values)).toEqual([5, 4, 3, 2, 1]);
    });

    it('get each its own reply, ten at once', async () => {
      await startMath();
      const client = apps.client();
      const tables = Array.from({ length: 10 }, (_, row) =>
        Array.from({ length: 10 }, (_n, k) => 10 * row + k),
      );
      const replies = await Promise.all(
        tables.map((numbers) => lastValueFrom(client.send<number>({ cmd: 'sum' }, numbers))),
      );
      expect(replies).toEqual(tables.map(sum));
    });

    it('reach every instance, and each of them answers', async () => {
      // An Observable that never completes would hold up the shutdown.
      const app = await startMath(2, { shutdown: { drainTimeoutMs: 0 } });
      await request(app.getHttpServer()).get('/broadcast').expect(200, '2');
    });
  });

  describe('events', () => {
    it('reach the method that asks for them', async () => {
      const app = await startMath();
      await request(app.getHttpServer()).post('/notify').send({ id: 1 }).expect(201);
      expect(await seen.count(1)).toEqual([{ id: 1 }]);
    });

    it('reach every instance', async () => {
      await startMath(3);
      const client = apps.client();
      await lastValueFrom(client.emit('notification', { id: 1 }));
      await lastValueFrom(client.emit('notification', { id: 2 }));
      const ids = (await seen.count(6)).map((note) => (note as { id: number }).id);
      expect(inAnyOrder(ids)).toEqual([1, 1, 1, 2, 2, 2]);
    });

    it('run every method that asks for them, once', async () => {
      @Controller()
      class First {
        @EventPattern('news')
        handle(news: unknown): void {
          seen.push(['first', news]);
        }
      }
      @Controller()
      class Second {
        @EventPattern('news')
        handle(news: unknown): Observable<unknown> {
          return of(news).pipe(tap(() => seen.push(['second', news])));
        }

        @EventPattern('news')
        again(news: unknown): void {
          seen.push(['third', news]);
        }

        @EventPattern('end')
        end(): void {
          seen.push('end');
        }
      }
      await apps.serve({ controllers: [First, Second] });
      const client = apps.client();
      client.emit('news', 1);
      await seen.count(3);
      client.emit('end', {});
      expect(inAnyOrder((await seen.upTo((item) => item === 'end')).slice(0, -1))).toEqual([
        ['first', 1],
        ['second', 1],
        ['third', 1],
      ]);
    });
  });

  describe('patterns', () => {
    it('belong to the transport that they name, or to all', async () => {
      @Controller()
      class Mixed {
        @EventPattern('mine', Transport.REDIS)
        mine(): void {
          seen.push('redis');
        }

        @EventPattern('mine', Transport.TCP)
        others(): void {
          seen.push('tcp');
        }

        @EventPattern('mine')
        any(): void {
          seen.push('any');
        }

        @EventPattern('end')
        end(): void {
          seen.push('end');
        }
      }
      await apps.serve({ controllers: [Mixed] });
      const client = apps.client();
      client.emit('mine', {});
      client.emit('end', {});
      expect(inAnyOrder(await seen.upTo((item) => item === 'end'))).toEqual(['any', 'end', 'redis']);
    });

    it('are the same channel, however the keys of an object are ordered', async () => {
      @Controller()
      class Nested {
        @MessagePattern({ role: 'math', cmd: { name: 'double', version: 2 } })
        double(value: number): number {
          return value * 2;
        }
      }
      await apps.serve({ controllers: [Nested] });
      const replied = apps.client().send({ cmd: { version: 2, name: 'double' }, role: 'math' }, 21);
      expect(await lastValueFrom(replied)).toBe(42);
    });

    it('of an object are channels, whatever its values hold', async () => {
      @Controller()
      class Odd {
        @MessagePattern({ cmd: 'a*?[b]"\\' })
        odd(): string {
          return 'odd';
        }

        @MessagePattern({ cmd: 'a*' })
        other(): string {
          return 'other';
        }
      }
      await apps.serve({ controllers: [Odd] });
      const client = apps.client();
      expect(await lastValueFrom(client.send({ cmd: 'a*?[b]"\\' }, {}))).toBe('odd');
      expect(await lastValueFrom(client.send({ cmd: 'a*' }, {}))).toBe('other');
      await expect(lastValueFrom(client.send({ cmd: 'ab' }, {}))).rejects.toMatchObject({
        code: 'EVENT_BUS_NO_RESPONDERS',
      });
    });

    it('may be numbers', async () => {
      @Controller()
      class Numbered {
        @MessagePattern(7)
        seven(): string {
          return 'seven';
        }
      }
      await apps.serve({ controllers: [Numbered] });
      expect(await lastValueFrom(apps.client().send(7, {}))).toBe('seven');
    });
  });

  describe('configuration', () => {
    @Controller()
    class Echo {
      @MessagePattern('echo')
      echo(data: unknown): unknown {
        return data;
      }
    }

    it('takes clients from ClientsModule.registerAsync', async () => {
      @Injectable()
      class Config {
        createClientOptions(): ClientOptions {
          return clientOptions();
        }
      }
      @Module({ providers: [Config], exports: [Config] })
      class ConfigModule {}
      const app = await apps.hybrid({
        imports: [
          ClientsModule.registerAsync([
            {
              name: 'FACTORY',
              imports: [ConfigModule],
              inject: [Config],
              useFactory: async (config: Config) => Promise.resolve(config.createClientOptions()),
            },
            { name: 'CLASS', useClass: Config },
          ]),
        ],
        controllers: [Echo],
      });
      for (const name of ['FACTORY', 'CLASS']) {
        const client = app.get<ClientProxy>(name);
        expect(client).toBeInstanceOf(EventBusClient);
        expect(await lastValueFrom(client.send('echo', name))).toBe(name);
      }
    });

    it('takes clients from @Client()', async () => {
      const options = clientOptions();
      @Controller()
      class Caller {
        @Client(options)
        readonly client!: ClientProxy;

        @Get('call')
        call(): Observable<string> {
          return this.client.send<string>('echo', 'called');
        }
      }
      const app = await apps.hybrid({ controllers: [Echo, Caller] });
      await request(app.getHttpServer()).get('/call').expect(200, 'called');
    });

    it('takes the server from a factory with what is injected', async () => {
      @Injectable()
      class Config {
        readonly server = new EventBusServer({ transport: transport() });
      }
      const metadata = { controllers: [Echo], providers: [Config] };
      const options = {
        inject: [Config],
        useFactory: (config: Config) => ({ strategy: config.server }),
      };
      const testing = await Test.createTestingModule(metadata).setLogger(apps.log).compile();
      const microservice = testing.createNestMicroservice(options);
      await microservice.listen();
      expect(await lastValueFrom(apps.client().send('echo', 'microservice'))).toBe('microservice');
      await microservice.close();

      const hybrid = (
        await Test.createTestingModule(metadata).setLogger(apps.log).compile()
      ).createNestApplication();
      apps.closeLater(() => hybrid.close());
      hybrid.connectMicroservice(options);
      await hybrid.startAllMicroservices();
      await hybrid.init();
      expect(await lastValueFrom(apps.client().send('echo', 'hybrid'))).toBe('hybrid');
    });

    it('closes the clients of the application with it', async () => {
      const app = await apps.hybrid({ imports: [clients()], controllers: [Echo] });
      const client = app.get<ClientProxy>('MATH');
      expect(await lastValueFrom(client.send('echo', 1))).toBe(1);
      await app.close();
      await expect(lastValueFrom(client.send('echo', 1))).rejects.toMatchObject({ code: 'EVENT_BUS_CLOSED' });
    });
  });

  describe('hybrid applications', () => {
    class SpyGuard implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        seen.push(`guard ${context.getType()} ${isEventContext(context)}`);
        return true;
      }
    }
    class SpyInterceptor implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
        return next.handle().pipe(tap(() => seen.push('interceptor')));
      }
    }
    class SpyPipe implements PipeTransform {
      transform(value: unknown): unknown {
        seen.push('pipe');
        return value;
      }
    }
    @Catch()
    class SpyFilter implements ExceptionFilter {
      catch(error: Error, host: ArgumentsHost): Observable<never> {
        seen.push(`filter ${error.message} ${host.getType()}`);
        return from(Promise.reject(new Error('filtered')));
      }
    }
    @Controller()
    class Guarded {
      @MessagePattern('ok')
      ok(data: unknown): unknown {
        return data;
      }

      @MessagePattern('fail')
      fail(): never {
        throw new Error('broken');
      }
    }

    const expectSpies = async () => {
      const client = apps.client();
      expect(await lastValueFrom(client.send('ok', 1))).toBe(1);
      expect(seen.items).toEqual(['guard rpc true', 'pipe', 'interceptor']);
      seen.clear();
      await expect(lastValueFrom(client.send('fail', 1))).rejects.toEqual({
        status: 'error',
        message: 'filtered',
      });
      expect(seen.items).toEqual(['guard rpc true', 'pipe', 'filter broken rpc']);
    };

    it('apply what is bound to the application when they inherit its configuration', async () => {
      await apps.hybrid(
        { controllers: [Guarded] },
        {
          hybrid: { inheritAppConfig: true },
          configure: (app) =>
            app
              .useGlobalGuards(new SpyGuard())
              .useGlobalInterceptors(new SpyInterceptor())
              .useGlobalPipes(new SpyPipe())
              .useGlobalFilters(new SpyFilter()),
        },
      );
      await expectSpies();
    });

    it('apply what is bound to the microservice', async () => {
      await apps.hybrid(
        { controllers: [Guarded] },
        {
          hybrid: { deferInitialization: true },
          connected: (microservice) =>
            microservice
              .useGlobalGuards(new SpyGuard())
              .useGlobalInterceptors(new SpyInterceptor())
              .useGlobalPipes(new SpyPipe())
              .useGlobalFilters(new SpyFilter()),
        },
      );
      await expectSpies();
    });

    itOnNest12('it keeps the listener of a connected microservice')(
      'leave no listener of a signal behind',
      async () => {
        const before = process.listenerCount('SIGTERM');
        const app = await apps.hybrid(
          { controllers: [Guarded] },
          {
            connected: (microservice: INestMicroservice) => microservice.enableShutdownHooks(['SIGTERM']),
          },
        );
        expect(process.listenerCount('SIGTERM')).toBe(before + 1);
        await app.close();
        expect(process.listenerCount('SIGTERM')).toBe(before);
      },
    );
  });

  describe('packet metadata', () => {
    @Controller()
    class Recorder {
      @MessagePattern('echo-metadata')
      echo(@Payload() data: unknown, @Ctx() context: MicroserviceContext): unknown {
        return { data, metadata: context.getMetadata() ?? null };
      }

      @EventPattern('record-metadata')
      record(@Ctx() context: MicroserviceContext): void {
        seen.push(context.getMetadata());
      }
    }
    beforeEach(async () => {
      await apps.serve({ controllers: [Recorder] });
    });

    itOnNest12('its clients have no setOnDispatchHook')(
      'travels beside the payload of requests and of events',
      async () => {
        const client = apps.client();
        client.setOnDispatchHook((packet) => {
          packet.metadata = { 'x-request-id': 'trace-1' };
        });
        expect(await firstValueFrom(client.send('echo-metadata', { orderId: 7 }))).toEqual({
          data: { orderId: 7 },
          metadata: { 'x-request-id': 'trace-1' },
        });
        client.emit('record-metadata', {});
        expect(await seen.count(1)).toEqual([{ 'x-request-id': 'trace-1' }]);
      },
    );

    it('is nothing without a hook', async () => {
      const client = apps.client();
      expect(await firstValueFrom(client.send('echo-metadata', 'plain'))).toEqual({
        data: 'plain',
        metadata: null,
      });
      client.emit('record-metadata', {});
      expect(await seen.count(1)).toEqual([undefined]);
    });

    itOnNest12('its clients have no setOnDispatchHook')(
      'comes from a hook that is called once for each packet',
      async () => {
        const client = apps.client();
        const packets: unknown[] = [];
        client.setOnDispatchHook(({ pattern, data }) => packets.push({ pattern, data }));
        await firstValueFrom(client.send('echo-metadata', 1));
        await lastValueFrom(client.emit('record-metadata', 2));
        expect(packets).toEqual([
          { pattern: 'echo-metadata', data: 1 },
          { pattern: 'record-metadata', data: 2 },
        ]);
      },
    );

    itOnNest12('its clients have no setOnDispatchHook')(
      'is not sent when the hook fails, and whoever sends hears why',
      async () => {
        const client = apps.client();
        client.setOnDispatchHook(() => {
          throw new Error('no trace');
        });
        await expect(firstValueFrom(client.send('echo-metadata', 1))).rejects.toThrow('no trace');
        await expect(lastValueFrom(client.emit('record-metadata', 1))).rejects.toThrow('no trace');
      },
    );
  });

  describe('binary payloads', () => {
    const bytes = Buffer.from([0, 1, 2, 255, 254]);

    it('travel as they are with a codec of your own', async () => {
      // One line of JSON about the packet, then its bytes.
      const binary = packetCodec({
        name: 'binary',
        encodePacket: (packet) => {
          const { data, response, ...head } = packet as typeof packet & { data?: Buffer; response?: Buffer };
          return Buffer.concat([
            Buffer.from(`${JSON.stringify(head)}\n`),
            data ?? response ?? Buffer.alloc(0),
          ]);
        },
        decodePacket: (body) => {
          const end = body.indexOf('\n');
          const head = JSON.parse(body.subarray(0, end).toString()) as Packet;
          const content = body.subarray(end + 1);
          return { ...head, [head.type === 'reply' ? 'response' : 'data']: content };
        },
      });
      @Controller()
      class Binary {
        @MessagePattern('reverse')
        reverse(data: Buffer): Buffer {
          return Buffer.from(data).reverse();
        }

        @EventPattern('bytes')
        bytes(data: Buffer): void {
          seen.push(data);
        }
      }
      await apps.serve({ controllers: [Binary] }, { codec: binary });
      const client = apps.client({ codec: binary });
      expect(await lastValueFrom(client.send('reverse', bytes))).toEqual(Buffer.from([254, 255, 2, 1, 0]));
      client.emit('bytes', bytes);
      expect(await seen.count(1)).toEqual([bytes]);
    });

    it('travel as JSON makes them with nestPacket(), as with Nest: base64 is shorter', async () => {
      @Controller()
      class Echo {
        @MessagePattern('echo')
        echo(data: unknown): unknown {
          return data;
        }
      }
      await apps.serve({ controllers: [Echo] }, { codec: nestPacket() });
      const client = apps.client();
      expect(await lastValueFrom(client.send('echo', bytes))).toEqual({
        type: 'Buffer',
        data: [0, 1, 2, 255, 254],
      });
      const text = await lastValueFrom(client.send<string>('echo', bytes.toString('base64')));
      expect(Buffer.from(text, 'base64')).toEqual(bytes);
    });
  });
}

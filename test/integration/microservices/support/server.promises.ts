import type { CallHandler, ExceptionFilter, ExecutionContext } from '@nestjs/common';
import {
  BadRequestException,
  Catch,
  Controller,
  Inject,
  Module,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import type { RequestContext } from '@nestjs/microservices';
import { Ctx, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import type { TransportFactory } from 'nestjs-redis-event-bus';
import {
  ChannelParam,
  ConfigurationError,
  EventContext,
  isEventContext,
  json,
  raw,
} from 'nestjs-redis-event-bus';
import { EventBusServer, MicroserviceContext } from 'nestjs-redis-event-bus/microservices';
import type { Observable } from 'rxjs';
import { NEVER, concat, from, lastValueFrom, of, throwError, toArray } from 'rxjs';
import { eventually } from '../../../support/eventually.js';
import { Inbox } from '../../../support/inbox.js';
import { EventPattern } from './event-pattern.js';
import { MicroserviceApps, inAnyOrder } from './microservice.apps.js';
import { itOnNest12 } from '../../../support/nest.major.js';
import { untyped } from '../../../support/untyped.js';

/** Lets whoever waits for it go on when the test says so. */
export function gate(): { readonly passed: Promise<void>; open(): void } {
  let open!: () => void;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

/** What EventBusServer promises beyond Nest's own transport. */
export function describeServerPromises(transport: () => TransportFactory): void {
  const apps = new MicroserviceApps(transport);
  const seen = new Inbox<unknown>();
  beforeEach(() => seen.clear());
  const reply = <T>(pattern: unknown, data: unknown = {}): Promise<T> =>
    lastValueFrom(apps.client().send<T>(pattern, data));
  const emit = (pattern: unknown, data: unknown = {}) => lastValueFrom(apps.client().emit(pattern, data));
  /** Publishes text as anybody could. */
  const publishText = (channel: string, text: string) =>
    lastValueFrom(apps.client({ codec: raw() }).emit(channel, text));
  /** Hears every message as it is on the wire. */
  const listenToWire = async (): Promise<Inbox<readonly [string, unknown]>> => {
    const wire = new Inbox<readonly [string, unknown]>();
    @Controller()
    class Wire {
      @EventPattern('*')
      message(@Payload() body: Buffer, @Ctx() context: MicroserviceContext): void {
        wire.push([context.channel, JSON.parse(body.toString())]);
      }
    }
    await apps.serve({ controllers: [Wire] }, { codec: raw() });
    return wire;
  };
  /** Everything that is published from here on, up to now. */
  const everythingOn = async (wire: Inbox<readonly [string, unknown]>) => {
    await emit('fence');
    return (await wire.upTo(([channel]) => channel === 'fence')).slice(0, -1);
  };

  describe('patterns', () => {
    it('are channels, globs and templates in one service', async () => {
      @Controller()
      class Orders {
        @EventPattern('orders.created')
        created(@Payload() order: unknown, @Ctx() context: MicroserviceContext): void {
          seen.push(['exact', order, context.getPattern()]);
        }

        @EventPattern('orders.*')
        all(@Payload() order: unknown, @Ctx() context: MicroserviceContext): void {
          seen.push(['glob', order, context.getPattern()]);
        }

        @EventPattern('orders.<id>')
        one(@Payload() order: unknown, @ChannelParam('id') id: string): void {
          seen.push(['template', order, id]);
        }

        @EventPattern(String.raw`paid\*`)
        star(): void {
          seen.push('star');
        }

        @EventPattern('end')
        end(): void {
          seen.push('end');
        }
      }
      await apps.serve({ controllers: [Orders] });
      await emit('orders.created', 1);
      await emit('paidX');
      await emit('end');
      expect(inAnyOrder((await seen.upTo((item) => item === 'end')).slice(0, -1))).toEqual([
        ['exact', 1, undefined],
        ['glob', 1, 'orders.*'],
        ['template', 1, 'created'],
      ]);
    });

    it('of one method call it once for an event, however many match', async () => {
      @Controller()
      class Orders {
        @EventPattern(['orders.*', 'orders.created', '*', { event: 'created' }])
        handle(@Payload() order: unknown, @Ctx() context: MicroserviceContext): void {
          seen.push([order, context.getChannel(), context.getPattern()]);
        }
      }
      await apps.serve({ controllers: [Orders] });
      await emit('orders.created', 1);
      await emit('orders.paid', 2);
      await emit({ event: 'created' }, 3);
      await emit('end', 4);
      expect(await seen.upTo((item) => (item as unknown[])[0] === 4)).toEqual([
        [1, 'orders.created', undefined],
        [2, 'orders.paid', 'orders.*'],
        [3, '{"event":"created"}', undefined],
        [4, 'end', '*'],
      ]);
    });

    it('of a class that two modules have call both instances', async () => {
      let instances = 0;
      @Controller()
      class Orders {
        readonly number = (instances += 1);

        @EventPattern(['orders', 'orders*'])
        handle(): void {
          seen.push(this.number);
        }
      }
      @Module({ controllers: [Orders] })
      class FirstModule {}
      @Module({ controllers: [Orders] })
      class SecondModule {}
      await apps.serve({ imports: [FirstModule, SecondModule] });
      await emit('orders');
      await emit('orders-end');
      expect(inAnyOrder(await seen.count(4))).toEqual([1, 1, 2, 2]);
    });

    it('that cannot work fail the start, all at once', async () => {
      @Controller()
      class Wrong {
        @EventPattern('')
        empty(): void {}

        @MessagePattern('[z-a]')
        reversed(): void {}

        @EventPattern(untyped(/orders/))
        regExp(): void {}
      }
      const { app } = await apps.create({ controllers: [Wrong] });
      const error = await app.listen().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ConfigurationError);
      expect((error as ConfigurationError).problems).toEqual([
        expect.stringContaining("@EventPattern(''): the target is empty"),
        expect.stringContaining("@MessagePattern('[z-a]'): "),
        expect.stringContaining('a RegExp works only with Kafka'),
      ]);
    });

    it('go behind the prefix', async () => {
      @Controller()
      class Orders {
        @MessagePattern('where')
        where(@Ctx() context: MicroserviceContext): unknown {
          return context.getChannel();
        }

        @MessagePattern({ cmd: 'where' })
        too(@Ctx() context: MicroserviceContext): unknown {
          return context.getChannel();
        }

        @EventPattern('w*')
        event(@Ctx() context: MicroserviceContext): void {
          seen.push(context.getChannel());
        }
      }
      const wire = await listenToWire();
      await apps.serve({ controllers: [Orders] }, { prefix: 'shop:' });
      const client = apps.client({ prefix: 'shop:' });
      expect(await lastValueFrom(client.send('where', {}))).toBe('where');
      expect(await lastValueFrom(client.send({ cmd: 'where' }, {}))).toBe('{"cmd":"where"}');
      await lastValueFrom(client.emit('walk', {}));
      expect(await seen.count(1)).toEqual(['walk']);
      await emit('walk');
      const messages = await everythingOn(wire);
      expect(seen.items).toEqual(['walk']);
      expect(messages.map(([channel]) => channel)).toEqual([
        'shop:where',
        'shop:where.reply',
        'shop:{"cmd":"where"}',
        'shop:{"cmd":"where"}.reply',
        'shop:walk',
        'walk',
      ]);
    });
  });

  describe('requests', () => {
    @Controller()
    class Users {
      @MessagePattern('*')
      any(@Ctx() context: MicroserviceContext): string {
        return `any ${context.getChannel()} ${context.getPattern()}`;
      }

      @MessagePattern('users.*')
      some(@Ctx() context: MicroserviceContext): string {
        return `some ${context.getChannel()} ${context.getPattern()}`;
      }

      @MessagePattern('users.get')
      get(@Ctx() context: MicroserviceContext): string {
        return `get ${context.getChannel()} ${context.getPattern()}`;
      }

      @EventPattern(['users.*', '*'])
      audit(@Payload() data: unknown, @Ctx() context: MicroserviceContext): void {
        seen.push([context.getChannel(), data]);
      }
    }

    it('get exactly one reply each, from an exact pattern before globs, else from the first', async () => {
      const wire = await listenToWire();
      await apps.serve({ controllers: [Users] });
      expect(await reply('users.get')).toBe('get users.get undefined');
      expect(await reply('users.list')).toBe('any users.list *');
      const messages = await everythingOn(wire);
      expect(messages.map(([channel]) => channel)).toEqual([
        'users.get',
        'users.get.reply',
        'users.list',
        'users.list.reply',
      ]);
      expect(messages[1]?.[1]).toEqual({
        id: (messages[0]?.[1] as { id: string } | undefined)?.id,
        response: 'get users.get undefined',
        isDisposed: true,
      });
    });

    it('may be answered with nothing, at the end or before it', async () => {
      @Controller()
      class Quiet {
        @MessagePattern('nothing')
        nothing(): void {}

        @MessagePattern('nothing-yet')
        nothingYet(): Observable<unknown> {
          return concat(of(undefined), of(null, 0, '', false));
        }

        @EventPattern('*')
        all(data: unknown): void {
          seen.push(data);
        }
      }
      await apps.serve({ controllers: [Quiet] });
      const client = apps.client();
      expect(await lastValueFrom(client.send('nothing', {}).pipe(toArray()))).toEqual([]);
      expect(await lastValueFrom(client.send('nothing-yet', {}).pipe(toArray()))).toEqual([
        undefined,
        null,
        0,
        '',
        false,
      ]);
      await emit('end', 'end');
      expect(await seen.upTo((item) => item === 'end')).toEqual(['end']);
    });

    it('and their replies reach no event handler, and replies no message handler, under any glob', async () => {
      const wire = await listenToWire();
      await apps.serve({ controllers: [Users] });
      await reply('users.get');
      await reply('users.list');
      await emit('end', 'end');
      expect(await seen.upTo((item) => (item as unknown[])[1] === 'end')).toEqual([['end', 'end']]);
      // A reply to a reply would be on the wire.
      expect((await everythingOn(wire)).map(([channel]) => channel)).not.toContain('users.get.reply.reply');
    });

    it('are handled side by side, also those on one channel', async () => {
      const held = gate();
      @Controller()
      class Slow {
        @MessagePattern('slow')
        async slow(data: string): Promise<string> {
          seen.push(data);
          await held.passed;
          return data;
        }
      }
      await apps.serve({ controllers: [Slow] });
      const client = apps.client();
      const replies = ['a', 'b', 'c'].map((data) => lastValueFrom(client.send('slow', data)));
      expect(inAnyOrder(await seen.count(3))).toEqual(['a', 'b', 'c']);
      held.open();
      expect(await Promise.all(replies)).toEqual(['a', 'b', 'c']);
    });

    it('are refused where a channel is known for events alone', async () => {
      @Controller()
      class Events {
        @EventPattern('orders')
        first(): void {
          seen.push('never');
        }

        @EventPattern('orders')
        second(): void {
          seen.push('never');
        }
      }
      const wire = await listenToWire();
      await apps.serve({ controllers: [Events] });
      await expect(reply('orders')).rejects.toBe(
        'There is no matching message handler defined in the remote service.',
      );
      const messages = await everythingOn(wire);
      expect(messages).toHaveLength(2);
      expect(messages[1]).toEqual([
        'orders.reply',
        {
          id: expect.any(String) as string,
          status: 'error',
          err: 'There is no matching message handler defined in the remote service.',
        },
      ]);
      expect(seen.items).toEqual([]);
    });

    it('are left to others by those who hear them through a glob for events', async () => {
      @Controller()
      class Audit {
        @EventPattern('*')
        all(): void {
          seen.push('never');
        }
      }
      await apps.serve({ controllers: [Audit] });
      await apps.serve({ controllers: [Users] });
      expect(await reply('users.get')).toBe('get users.get undefined');
      expect(seen.items).toEqual([]);
    });

    it('are answered in the shape that their id came in', async () => {
      const wire = await listenToWire();
      await apps.serve({ controllers: [Users] });
      await publishText('users.get', '{"pattern":"users.get","data":1,"id":7}');
      await wire.count(2);
      expect(wire.items[1]).toEqual([
        'users.get.reply',
        { id: 7, response: 'get users.get undefined', isDisposed: true },
      ]);
    });

    it('are answered with an error where the reply cannot be sent as it is, and the reason is logged', async () => {
      @Controller()
      class Odd {
        @MessagePattern('bigint')
        bigint(): unknown {
          return { id: 1n };
        }

        @MessagePattern('large')
        large(): unknown {
          return concat(of('x'.repeat(2000)), NEVER);
        }
      }
      await apps.serve({ controllers: [Odd] }, { maxPayloadBytes: 1000 });
      const refused = { status: 'error', message: 'Internal server error' };
      await expect(reply('bigint')).rejects.toEqual(refused);
      await expect(reply('large')).rejects.toEqual(refused);
      await eventually(() =>
        expect(apps.log.troubles).toEqual([
          expect.stringMatching(/A handler failed \(.*channel="bigint".*PayloadEncodeError.*BigInt/),
          expect.stringMatching(/A handler failed \(.*channel="large".*PayloadTooLargeError/),
        ]),
      );
    });
  });

  describe('events', () => {
    it('are handled one at a time and in order within a channel, side by side across channels', async () => {
      const held = gate();
      @Controller()
      class Slow {
        @EventPattern('slow.*')
        async slow(@Payload() data: number, @Ctx() context: MicroserviceContext): Promise<void> {
          seen.push([context.getChannel(), data]);
          await held.passed;
        }

        @EventPattern('fence')
        fence(): void {
          seen.push('fence');
        }
      }
      await apps.serve({ controllers: [Slow] });
      const client = apps.client();
      for (const data of [1, 2, 3]) client.emit('slow.a', data);
      client.emit('slow.b', 1);
      client.emit('fence', {});
      expect(await seen.upTo((item) => item === 'fence')).toEqual([['slow.a', 1], ['slow.b', 1], 'fence']);
      held.open();
      expect((await seen.count(5)).slice(3)).toEqual([
        ['slow.a', 2],
        ['slow.a', 3],
      ]);
    });

    it('that no other method takes run the one that answers requests, and nobody replies', async () => {
      @Controller()
      class Both {
        @MessagePattern('asked')
        asked(data: unknown): string {
          seen.push(['asked', data]);
          return 'reply';
        }

        @MessagePattern('shared')
        shared(data: unknown): string {
          seen.push(['request', data]);
          return 'reply';
        }

        @EventPattern('share?')
        event(data: unknown): void {
          seen.push(['event', data]);
        }
      }
      const wire = await listenToWire();
      await apps.serve({ controllers: [Both] });
      await emit('asked', 1);
      await emit('shared', 2);
      await reply('shared', 3);
      expect(await seen.count(3)).toEqual([
        ['asked', 1],
        ['event', 2],
        ['request', 3],
      ]);
      expect((await everythingOn(wire)).map(([channel]) => channel)).toEqual([
        'asked',
        'shared',
        'shared',
        'shared.reply',
      ]);
    });

    it('are foreign JSON as it stands, and never what is not JSON', async () => {
      @Controller()
      class Foreign {
        @EventPattern('*')
        all(@Payload() data: unknown, @Ctx() context: MicroserviceContext): void {
          seen.push([context.getChannel(), data]);
        }
      }
      await apps.serve({ controllers: [Foreign] });
      const foreign: [string, unknown][] = [
        ['a', { type: 'order', data: 1 }],
        ['a', { pattern: 'a' }],
        ['a', { pattern: 'b', data: 1 }],
        ['a', { pattern: 'a', data: 1, type: 'order' }],
        ['a', { data: 1 }],
        ['a', null],
        ['a', 'text'],
        ['a', [1, 2]],
        ['a', { id: '1', response: 2 }],
        ['a.reply', { id: '1' }],
        ['a.reply', { id: '1', response: 2, type: 'order' }],
      ];
      const client = apps.client({ codec: json() });
      for (const [channel, payload] of foreign) {
        if (payload === null) await publishText(channel, 'null');
        else await lastValueFrom(client.emit(channel, payload));
      }
      await publishText('a', 'not JSON');
      await publishText('a', '{"pattern":"a","data":"packet"}');
      const items = await seen.count(foreign.length + 1);
      // Each channel has its own order, and they have none among each other.
      const on = (channel: string, list: readonly unknown[]) =>
        list.filter((item) => (item as readonly unknown[])[0] === channel);
      for (const channel of ['a', 'a.reply']) {
        expect(on(channel, items)).toEqual(on(channel, [...foreign, ['a', 'packet']]));
      }
      expect(apps.log.troubles).toEqual([expect.stringContaining('its payload cannot be read')]);
    });

    it('are all there is with a codec that carries no packets', async () => {
      @Controller()
      class Plain {
        @EventPattern('orders')
        handle(@Payload() order: unknown, @Ctx() context: MicroserviceContext): void {
          seen.push([order, context.getMetadata()]);
        }
      }
      const wire = await listenToWire();
      await apps.serve({ controllers: [Plain] }, { codec: json() });
      const client = apps.client({ codec: json() });
      await lastValueFrom(client.emit('orders', { id: 1 }));
      expect(await seen.count(1)).toEqual([[{ id: 1 }, undefined]]);
      expect(await wire.count(1)).toEqual([['orders', { id: 1 }]]);
      await expect(lastValueFrom(client.send('orders', 1))).rejects.toMatchObject({
        code: 'EVENT_BUS_NOT_SUPPORTED',
      });

      @Controller()
      class Asking {
        @MessagePattern('asked')
        asked(): void {}
      }
      const { app } = await apps.create({ controllers: [Asking] }, { codec: json() });
      await expect(app.listen()).rejects.toThrow(
        "@MessagePattern('asked'): the json codec does not support requests.",
      );
    });
  });

  describe('the context', () => {
    itOnNest12('its clients have no setOnDispatchHook')(
      "has what RedisContext has, and is one of the bus' events",
      async () => {
        @Controller()
        class Contexts {
          @MessagePattern('context')
          asked(@Payload() data: unknown, @Ctx() context: MicroserviceContext): unknown {
            return {
              data,
              isContext: context instanceof MicroserviceContext && context instanceof EventContext,
              args: context.getArgs(),
              channel: context.getArgByIndex(0),
              metadata: context.getArgByIndex(1),
              bus: context.bus,
              isAborted: context.signal.aborted,
            };
          }

          @MessagePattern('is-event')
          @UseGuards({ canActivate: (host: ExecutionContext) => isEventContext(host) })
          isEvent(): string {
            return 'it is';
          }
        }
        await apps.serve({ controllers: [Contexts] }, { name: 'orders' });
        const client = apps.client();
        client.setOnDispatchHook((packet) => {
          packet.metadata = { tenant: 'acme' };
        });
        expect(await lastValueFrom(client.send('context', 1))).toEqual({
          data: 1,
          isContext: true,
          args: ['context', { tenant: 'acme' }],
          channel: 'context',
          metadata: { tenant: 'acme' },
          bus: 'orders',
          isAborted: false,
        });
        expect(await lastValueFrom(client.send('is-event', 1))).toBe('it is');
      },
    );

    it('is the request of request-scoped controllers', async () => {
      let instances = 0;
      @Controller({ scope: Scope.REQUEST })
      class Scoped {
        private readonly number = (instances += 1);

        constructor(@Inject(REQUEST) private readonly request: RequestContext) {}

        @MessagePattern('scoped')
        asked(): unknown {
          const context = this.request.getContext() as MicroserviceContext;
          return [this.number, this.request.getData(), this.request.getPattern(), context.getChannel()];
        }

        @EventPattern('scoped.*')
        handle(): void {
          seen.push(this.request.getData());
        }
      }
      await apps.serve({ controllers: [Scoped] });
      expect(await reply('scoped', 'a')).toEqual([1, 'a', 'scoped', 'scoped']);
      expect(await reply('scoped', 'b')).toEqual([2, 'b', 'scoped', 'scoped']);
      await emit('scoped.event', 'c');
      expect(await seen.count(1)).toEqual(['c']);
    });
  });

  describe('failures', () => {
    @Catch()
    class Rethrow implements ExceptionFilter {
      catch(error: Error): Observable<never> {
        return throwError(() => new Error(`filtered ${error.message}`));
      }
    }
    @Catch()
    class Broken implements ExceptionFilter {
      catch(): never {
        throw new Error('broken filter');
      }
    }
    @Controller()
    class Failing {
      @EventPattern('event.error')
      error(): never {
        throw new Error('secret');
      }

      @EventPattern('event.rpc')
      rpc(): never {
        throw new RpcException('rpc');
      }

      @EventPattern('event.stream')
      stream(): Observable<never> {
        return from(Promise.reject(new RpcException({ message: 'stream' })));
      }

      @EventPattern('event.filtered')
      @UseFilters(Rethrow)
      filtered(): never {
        throw new Error('once');
      }

      @EventPattern('event.broken')
      @UseFilters(Broken)
      broken(): never {
        throw new Error('hidden');
      }

      @MessagePattern('message.broken')
      @UseFilters(Broken)
      brokenMessage(): never {
        throw new Error('hidden');
      }

      @MessagePattern('message.filtered')
      @UseFilters(Rethrow)
      filteredMessage(): never {
        throw new Error('once');
      }

      @MessagePattern('message.error')
      errorMessage(): never {
        throw new Error('secret');
      }

      @MessagePattern('message.bad')
      bad(): never {
        throw new BadRequestException('bad');
      }

      @MessagePattern('message.stream')
      streamMessage(): Observable<number> {
        return concat(
          of(1),
          throwError(() => new RpcException('after one')),
        );
      }

      @MessagePattern('message.nothing')
      @UseInterceptors({
        intercept: (_context: ExecutionContext, _next: CallHandler) => throwError(() => null),
      })
      nothing(): void {}

      @EventPattern('end')
      end(): void {
        seen.push('end');
      }
    }
    beforeEach(() => apps.serve({ controllers: [Failing] }));
    const troubles = async () => {
      await emit('end');
      await seen.count(1);
      return apps.log.troubles;
    };

    it.each([
      ['an error', 'event.error', /secret/],
      ['an RpcException', 'event.rpc', /A handler failed .*channel="event.rpc" error=".*rpc"/],
      ['an error of a stream', 'event.stream', /A handler failed .*channel="event.stream" error=".*stream"/],
      [
        'what a filter makes of it',
        'event.filtered',
        /channel="event.filtered" error="Error: filtered once"/,
      ],
      ['an error of a filter', 'event.broken', /channel="event.broken" error="Error: broken filter"/],
    ])('of an event handler are one log line: %s', async (_what, channel, line) => {
      await emit(channel);
      expect(await troubles()).toEqual([expect.stringMatching(line)]);
    });

    it.each([
      ['an error', 'message.error', 'Internal server error', [/secret/]],
      ['an exception for HTTP', 'message.bad', 'Internal server error', []],
      ['what a filter makes of it', 'message.filtered', 'filtered once', []],
      ['an error of a filter', 'message.broken', 'Internal server error', [/broken filter/]],
      ['nothing at all', 'message.nothing', 'Internal server error', [/null/]],
    ])(
      'of a request are replied, and logged once where Nest does: %s',
      async (_what, channel, message, lines) => {
        await expect(reply(channel)).rejects.toEqual({ status: 'error', message });
        expect(await troubles()).toEqual(lines.map((line) => expect.stringMatching(line) as string));
      },
    );

    it('of a stream come after the values before them', async () => {
      const values: unknown[] = [];
      const replies = apps.client().send('message.stream', {});
      const error = await new Promise((resolve) => {
        replies.subscribe({ next: (value) => values.push(value), error: resolve });
      });
      expect([values, error]).toEqual([[1], { status: 'error', message: 'after one' }]);
    });
  });

  describe('processing hooks', () => {
    @Controller()
    class Hooked {
      @MessagePattern('numbers')
      numbers(): Observable<number> {
        seen.push('handler');
        return of(1, 2);
      }

      @EventPattern('event')
      event(): void {
        seen.push('handler');
      }

      @EventPattern('failing')
      failing(): never {
        seen.push('handler');
        throw new RpcException('failing');
      }
    }

    it('are called before and after every handler, once each', async () => {
      const { server } = await apps.serve({ controllers: [Hooked] });
      server.setOnProcessingStartHook((transportId, context, done) => {
        seen.push(`start ${String(transportId)} ${(context as MicroserviceContext).getChannel()}`);
        // Not awaited, as a hook may do.
        void done();
      });
      server.setOnProcessingEndHook((_transportId, context) =>
        seen.push(`end ${(context as MicroserviceContext).getChannel()}`),
      );
      for (const channel of ['event', 'failing']) {
        await emit(channel);
        expect(await seen.upTo((item) => item === `end ${channel}`)).toEqual([
          `start 1 ${channel}`,
          'handler',
          `end ${channel}`,
        ]);
        seen.clear();
      }
      expect(await lastValueFrom(apps.client().send('numbers', {}).pipe(toArray()))).toEqual([1, 2]);
      expect(await seen.count(3)).toEqual(['start 1 numbers', 'handler', 'end numbers']);
    });

    it('may start the work later', async () => {
      const held = gate();
      const { server } = await apps.serve({ controllers: [Hooked] });
      server.setOnProcessingStartHook((_transportId, _context, done) => {
        seen.push('start');
        void (async () => {
          await held.passed;
          await done();
        })();
      });
      const replies = lastValueFrom(apps.client().send('numbers', {}).pipe(toArray()));
      await seen.count(1);
      held.open();
      expect(await replies).toEqual([1, 2]);
    });

    it('that fail leave no request unanswered, and are one log line', async () => {
      const { server } = await apps.serve({ controllers: [Hooked] });
      server.setOnProcessingStartHook(() => {
        throw new Error('no span');
      });
      await expect(reply('numbers')).rejects.toEqual({ status: 'error', message: 'Internal server error' });
      expect(seen.items).toEqual([]);
      await eventually(() => expect(apps.log.troubles).toEqual([expect.stringContaining('no span')]));
    });
  });

  describe('shutdown', () => {
    it('waits for events and requests that have begun, and lets the replies out', async () => {
      const held = gate();
      @Controller()
      class Slow {
        @MessagePattern('slow')
        async slow(): Promise<string> {
          seen.push('request');
          await held.passed;
          return 'reply';
        }

        @EventPattern('event')
        async event(data: unknown): Promise<void> {
          seen.push(`event ${String(data)}`);
          await held.passed;
        }
      }
      const { app, server } = await apps.serve({ controllers: [Slow] });
      const client = apps.client();
      const replied = lastValueFrom(client.send('slow', {}));
      client.emit('event', 1);
      await lastValueFrom(client.emit('event', 2));
      await seen.count(2);
      const closing = [app.close(), server.close()];
      await expect(
        (async () => {
          // Nobody subscribes any more, though the handlers still run.
          for (;;) await lastValueFrom(client.send('slow', {}, { timeoutMs: 100 })).catch(onlyTimeouts);
        })(),
      ).rejects.toMatchObject({ code: 'EVENT_BUS_NO_RESPONDERS' });
      held.open();
      expect(await replied).toBe('reply');
      await Promise.all(closing);
      expect(seen.items).toContain('event 2');
      expect(apps.log.troubles).toEqual([]);
    });

    it('names what is left when its time is over, and answers the requests with an error', async () => {
      @Controller()
      class Endless {
        @MessagePattern('m')
        async endless(@Ctx() context: MicroserviceContext): Promise<void> {
          context.signal.addEventListener('abort', () => seen.push('aborted'));
          seen.push('request');
          await new Promise(() => undefined);
        }

        @MessagePattern('s')
        stream(): Observable<unknown> {
          return concat(of(1), NEVER);
        }

        @EventPattern('e')
        event(): Promise<void> {
          seen.push('event');
          return new Promise(() => undefined);
        }
      }
      const { app } = await apps.serve({ controllers: [Endless] }, { shutdown: { drainTimeoutMs: 0 } });
      const client = apps.client();
      const replied = lastValueFrom(client.send('m', {}));
      const values = new Inbox<unknown>();
      client.send('s', {}).subscribe({ next: values.push, error: values.push });
      await lastValueFrom(client.emit('e', 1));
      await values.count(1);
      await seen.count(2);
      const closing = app.close();
      const error = { status: 'error', message: 'The microservice is shutting down.' };
      await expect(replied).rejects.toEqual(error);
      expect(await values.count(2)).toEqual([1, error]);
      await closing;
      expect(seen.items).toContain('aborted');
      const running = ["@EventPattern('e')", "@MessagePattern('m')", "@MessagePattern('s')"]
        .map((name) => `${name}: 1 running, 0 waiting`)
        .join('; ');
      expect(apps.log.troubles).toEqual([expect.stringContaining(`unfinished="${running}"`)]);
    });

    it('of a hybrid application waits too, and is over once for all who ask', async () => {
      const held = gate();
      @Controller()
      class Slow {
        @MessagePattern('slow')
        async slow(): Promise<string> {
          seen.push('request');
          await held.passed;
          return 'reply';
        }
      }
      const app = await apps.hybrid({ controllers: [Slow] });
      const replied = reply('slow');
      await seen.count(1);
      const closing = [app.close(), app.close()];
      held.open();
      expect(await replied).toBe('reply');
      await Promise.all(closing);
    });

    it('may come before the start, and during it', async () => {
      const early = apps.server();
      await early.close();
      const outcome = await new Promise((resolve) => early.listen(resolve));
      expect(outcome).toMatchObject({ code: 'EVENT_BUS_STARTUP' });

      const { app, server } = await apps.create({});
      const listening = app.listen().catch((error: unknown) => error);
      await server.close();
      expect(await listening).toMatchObject({ code: 'EVENT_BUS_STARTUP' });
    });
  });

  describe('the server', () => {
    it('reports its status in the words of Nest', async () => {
      const { app, server } = await apps.create({});
      const words: string[] = [];
      server.status.subscribe((word) => words.push(word));
      server.on('connected', () => words.push('on connected'));
      server.on('disconnected', () => {
        words.push('on disconnected');
        throw new Error('in a callback');
      });
      expect(words).toEqual([]);
      await app.listen();
      expect(words).toEqual(['connected', 'on connected']);
      await app.close();
      expect(words).toEqual(['connected', 'on connected', 'disconnected', 'on disconnected']);
      expect(apps.log.troubles).toEqual(['A listener failed (listener="on()" error="Error: in a callback")']);
      expect(() =>
        (server.on as (event: string, callback: () => void) => void).call(server, 'error', () => undefined),
      ).toThrow("is not an event. Known events: 'connected', 'reconnecting', 'disconnected'.");
    });

    it('calls back all who ask it to listen, and subscribes once', async () => {
      const server = apps.server();
      apps.closeLater(() => server.close());
      server.addHandler('count', async () => Promise.resolve(of('called')));
      const outcomes = await Promise.all(
        [1, 2].map(() => new Promise((resolve) => server.listen((error) => resolve(error ?? 'listening')))),
      );
      expect(outcomes).toEqual(['listening', 'listening']);
      expect(await reply('count')).toBe('called');
    });

    it('knows its handlers, as those of Nest', () => {
      const server = apps.server();
      const [event, message] = [async () => Promise.resolve(1), async () => Promise.resolve(2)];
      server.addHandler({ cmd: 'event' }, event, true);
      server.addHandler('message', message);
      expect(server.getHandlerByPattern('{"cmd":"event"}')).toBe(event);
      expect([...server.getHandlers()]).toEqual([
        ['{"cmd":"event"}', event],
        ['message', message],
      ]);
      return server.close();
    });

    it('refuses all wrong options at once', () => {
      const wrong = { prefix: '__x', name: '', startup: { timeoutMs: 0 }, retryAttempts: 3 };
      const create = () => new EventBusServer(untyped(wrong));
      expect(create).toThrow(ConfigurationError);
      expect(create).toThrow(/name must.*transport is missing.*prefix must not.*timeoutMs.*retryAttempts/s);
      expect(() => new EventBusServer(untyped(undefined))).toThrow('transport is missing');
    });
  });
}

function onlyTimeouts(error: { code?: string }): void {
  if (error.code !== 'EVENT_BUS_REQUEST_TIMEOUT') throw error as Error;
}

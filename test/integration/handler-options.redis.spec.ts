import type { CanActivate, NestInterceptor, PipeTransform, Type } from '@nestjs/common';
import {
  BadRequestException,
  Injectable,
  Module,
  Scope,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import type { DeadLetter, Gap, OnEventOptions } from 'nestjs-redis-event-bus';
import {
  EventContext,
  HandlerTimeoutError,
  InvalidOptionError,
  OnEvent,
  OnGap,
  cloudEvents,
  defineEvent,
  memory,
  memoryBroker,
  raw,
  redis,
} from 'nestjs-redis-event-bus';
import { z } from 'zod';
import { eventually, settled } from '../support/eventually.js';
import { Inbox } from '../support/inbox.js';
import { RedisServer } from '../support/redis.server.js';
import type { BusOptions } from '../support/started.apps.js';
import { startedApps } from '../support/started.apps.js';
import { untyped } from '../support/untyped.js';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

const { start, problemsOf } = startedApps();

/** Calls that end when the test says so. */
class Gate {
  readonly started = new Inbox<string>();
  readonly events: EventContext[] = [];
  private readonly endings = new Map<string, (error?: unknown) => void>();

  pass(payload: string, event: EventContext): Promise<void> {
    this.events.push(event);
    return new Promise((resolve, reject) => {
      this.endings.set(payload, (error) => (error === undefined ? resolve() : reject(error as Error)));
      this.started.push(payload);
    });
  }

  end(payload: string, error?: unknown): void {
    const end = this.endings.get(payload);
    if (end === undefined) throw new Error(`No call with ${payload} is running.`);
    this.endings.delete(payload);
    end(error);
  }

  endAll(): void {
    for (const payload of this.endings.keys()) this.end(payload);
  }
}

/** A class whose only method is a handler that ends with its gate. */
function gated(gate: Gate, options: OnEventOptions, target: string | readonly string[] = 'orders:*'): Type {
  @Injectable()
  class Gated {
    @OnEvent(target, options)
    handle(payload: string, event: EventContext) {
      return gate.pass(payload, event);
    }
  }
  return Gated;
}

/** A class that puts the dead letters of a channel into an inbox. */
function undertaker(letters: Inbox<DeadLetter>, channel: string, options: OnEventOptions = {}): Type {
  @Injectable()
  class Undertaker {
    @OnEvent(channel, options)
    bury(letter: DeadLetter) {
      letters.push(letter);
    }
  }
  return Undertaker;
}

describe.each(['memory', 'redis'] as const)('the options of a handler, on %s', (transportName) => {
  const broker = memoryBroker();
  const bus = (): BusOptions => ({
    transport: transportName === 'memory' ? memory({ broker }) : redis({ url: server.url }),
  });

  it('hold back what concurrency does not allow, and keep the order of a channel', async () => {
    const gate = new Gate();
    const app = await start({ providers: [gated(gate, { concurrency: 2 })] }, bus());
    for (const [channel, payload] of [
      ['a', 'a1'],
      ['a', 'a2'],
      ['b', 'b1'],
      ['c', 'c1'],
    ]) {
      await app.publisher.publish(`orders:${channel}`, payload);
    }
    await eventually(() => expect(app.handler('Gated.handle')).toMatchObject({ running: 2, waiting: 2 }));
    expect(gate.started.items).toEqual(['a1', 'b1']);
    gate.end('b1');
    expect(await gate.started.count(3)).toEqual(['a1', 'b1', 'c1']);
    gate.end('a1');
    expect((await gate.started.count(4))[3]).toBe('a2');
    gate.endAll();
    await eventually(() => expect(app.counters.handled).toBe(4));
  });

  it('order by a key of the event, across channels', async () => {
    const started = new Inbox<string>();
    const gate = new Gate();
    @Injectable()
    class ByOrder {
      @OnEvent('orders:<id>:<what>', { orderBy: (event) => event.params['id'] as string })
      async handle(payload: string, event: EventContext) {
        started.push(event.channel);
        await gate.pass(payload, event);
      }
    }
    const app = await start({ providers: [ByOrder] }, bus());
    await app.publisher.publish('orders:1:created', 'first');
    await app.publisher.publish('orders:1:paid', 'second');
    await app.publisher.publish('orders:2:created', 'other');
    expect(await started.count(2)).toEqual(['orders:1:created', 'orders:2:created']);
    gate.end('first');
    expect((await started.count(3))[2]).toBe('orders:1:paid');
    gate.endAll();
  });

  it('drop what the buffer does not hold, count it, and tell @OnGap when the handler has caught up', async () => {
    const gate = new Gate();
    const gaps = new Inbox<Gap>();
    @Injectable()
    class Reconciler {
      @OnGap()
      reconcile(gap: Gap) {
        gaps.push(gap);
      }
    }
    const app = await start(
      { providers: [gated(gate, { buffer: { events: 3 } }), Reconciler] },
      { ...bus(), prefix: 'app:' },
    );
    await app.publisher.publishMany(
      ['1', '2', '3', '4', '5', '6'].map((payload) => ({ channel: 'orders:a', payload })),
    );
    await eventually(() =>
      expect(app.handler('Gated.handle')).toMatchObject({ running: 1, waiting: 3, dropped: 2 }),
    );
    expect(app.counters).toMatchObject({ dropped: 2, gaps: 0 });
    const warnings = app.lines('warn');
    expect(warnings).toEqual([
      'Handler is falling behind (handler=Gated.handle events=2/3 bytes=6/16777216). When its buffer is full, events are dropped (drop-oldest). Make it faster, raise concurrency, or use a finer orderBy key.',
    ]);
    for (const payload of ['1', '4', '5', '6']) {
      await gate.started.upTo((item) => item === payload);
      gate.end(payload);
    }
    const [gap] = await gaps.count(1);
    expect(gap).toMatchObject({ reason: 'buffer-overflow', targets: ['orders:*'], missed: 2 });
    expect(app.gaps.items).toEqual([gap]);
    expect(app.counters).toMatchObject({ handled: 4, dropped: 2, gaps: 1, missed: 2 });
    expect(app.lines('log', 'warn').slice(-2)).toEqual([
      expect.stringMatching(/^Handler has caught up \(handler=Gated\.handle dropped=2 afterMs=\d+\)$/),
      expect.stringMatching(
        /^Events may be missing \(reason=buffer-overflow missed=2 forMs=\d+ targets="orders:\*"\)\. Gated\.handle fell behind\.$/,
      ),
    ]);
  });

  it('abort the signal of a call that takes too long, and go on with the next event', async () => {
    const aborted = new Inbox<unknown>();
    const gate = new Gate();
    @Injectable()
    class Slow {
      @OnEvent('orders', { timeoutMs: 20 })
      async handle(payload: string, event: EventContext) {
        event.signal.addEventListener('abort', () => aborted.push(event.signal.reason));
        await gate.pass(payload, event);
      }
    }
    const app = await start({ providers: [Slow] }, bus());
    await app.publisher.publish('orders', '1');
    await app.publisher.publish('orders', '2');
    expect(await aborted.count(2)).toEqual([
      new HandlerTimeoutError('Slow.handle', 20),
      new HandlerTimeoutError('Slow.handle', 20),
    ]);
    // Both calls go on, and keep their places.
    await eventually(() => expect(app.handler('Slow.handle')).toMatchObject({ running: 2, waiting: 0 }));
    expect(app.counters).toMatchObject({ failed: 2, handled: 0 });
    gate.endAll();
    await eventually(() => expect(app.handler('Slow.handle').running).toBe(0));
    expect(app.lines('error')).toEqual([expect.stringContaining('Slow.handle did not finish within 20 ms')]);
  });

  it('call again what failed, in order, with one error line at the end', async () => {
    const calls = new Inbox<string>();
    @Injectable()
    class Flaky {
      @OnEvent('orders', { retry: { attempts: 3, delayMs: 1 } })
      async handle(payload: string) {
        calls.push(payload);
        if (payload === 'bad' || calls.items.length < 2) throw new Error(`no ${payload}`);
      }
    }
    const app = await start({ providers: [Flaky] }, bus());
    for (const payload of ['good', 'bad', 'last']) await app.publisher.publish('orders', payload);
    expect(await calls.count(6)).toEqual(['good', 'good', 'bad', 'bad', 'bad', 'last']);
    await eventually(() => expect(app.counters.handled).toBe(2));
    expect(app.counters).toMatchObject({ repeated: 3, failed: 1 });
    expect(app.lines('error', 'warn')).toEqual([
      'A handler failed (handler=Flaky.handle channel="orders" error="Error: no bad")',
    ]);
  });

  it('repeat with guards, pipes and interceptors, but not what one of them refused', async () => {
    const steps = new Inbox<string>();
    const guard: CanActivate = {
      canActivate: (context) => {
        steps.push('guard');
        return context.switchToRpc().getData<string>() !== 'refused';
      },
    };
    const pipe: PipeTransform = {
      transform: (value: unknown) => {
        if (typeof value !== 'string') return value;
        steps.push('pipe');
        if (value === 'wrong') throw new BadRequestException('wrong');
        return `${value}!`;
      },
    };
    const interceptor: NestInterceptor = {
      intercept: (_context, next) => {
        steps.push('interceptor');
        return next.handle();
      },
    };
    @Injectable()
    class Guarded {
      private calls = 0;

      @OnEvent('orders', { retry: { attempts: 3, delayMs: 1 }, deadLetter: 'dead' })
      @UseGuards(guard)
      @UseInterceptors(interceptor)
      @UsePipes(pipe)
      handle(payload: string) {
        steps.push(`call ${payload}`);
        this.calls += 1;
        if (this.calls === 1) throw new Error('once');
      }
    }
    const letters = new Inbox<DeadLetter>();
    const app = await start({ providers: [Guarded, undertaker(letters, 'dead')] }, bus());
    await app.publisher.publish('orders', 'fine');
    const once = ['guard', 'interceptor', 'pipe', 'call fine!'];
    expect(await steps.count(8)).toEqual([...once, ...once]);
    await app.publisher.publish('orders', 'refused');
    await app.publisher.publish('orders', 'wrong');
    const [refused, wrong] = await letters.count(2);
    expect(steps.items.slice(8)).toEqual(['guard', 'guard', 'interceptor', 'pipe']);
    expect(refused).toMatchObject({
      attempts: 1,
      error: { name: 'ForbiddenException' },
      event: { payload: 'refused' },
    });
    expect(wrong).toMatchObject({
      attempts: 1,
      error: { name: 'BadRequestException' },
      event: { payload: 'wrong' },
    });
  });

  it('make a new instance of a request-scoped handler for every attempt', async () => {
    const seen = new Inbox<{ readonly instance: object; readonly event: EventContext }>();
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {
      @OnEvent('orders', { retry: { attempts: 3, delayMs: 1 } })
      handle(_payload: string, event: EventContext) {
        seen.push({ instance: this, event });
        throw new Error('again');
      }
    }
    const app = await start({ providers: [Scoped] }, bus());
    await app.publisher.publish('orders', '1');
    const calls = await seen.count(3);
    expect(new Set(calls.map(({ instance }) => instance)).size).toBe(3);
    expect(new Set(calls.map(({ event }) => event.signal)).size).toBe(3);
    await eventually(() => expect(app.counters.failed).toBe(1));
  });

  describe('deadLetter', () => {
    it('carries the event, the error and the handler to whoever handles that channel', async () => {
      const letters = new Inbox<DeadLetter>();
      @Injectable()
      class Billing {
        @OnEvent('orders:*', { deadLetter: 'dead:orders', retry: { attempts: 2, delayMs: 1 } })
        bill() {
          throw Object.assign(new RangeError('no such customer'), { code: 'NO_CUSTOMER' });
        }
      }
      const app = await start(
        { providers: [Billing, undertaker(letters, 'dead:*')] },
        { ...bus(), prefix: 'app:' },
      );
      await app.publisher.publish('orders:7', { id: 7 });
      expect(await letters.count(1)).toEqual([
        {
          event: {
            channel: 'orders:7',
            payload: { id: 7 },
            bytes: 8,
            metadata: {},
            receivedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
          },
          error: { name: 'RangeError', message: 'no such customer', code: 'NO_CUSTOMER' },
          handler: 'Billing.bill',
          bus: 'default',
          attempts: 2,
        },
      ]);
      await eventually(() => expect(app.counters).toMatchObject({ failed: 1, deadLettered: 1 }));
    });

    it('carries what does not fit a contract as it came, and the bytes of what does not decode', async () => {
      const Created = defineEvent('orders', z.object({ id: z.coerce.number().int() }));
      const letters = new Inbox<DeadLetter>();
      @Injectable()
      class Billing {
        @OnEvent(Created, { deadLetter: 'dead' })
        bill() {
          throw new Error('nothing fits');
        }
      }
      const app = await start({ providers: [Billing, undertaker(letters, 'dead')] }, bus());
      const foreign = await start({}, { ...bus(), codec: raw() });
      await foreign.publisher.publish('orders', '{"id":"x"}');
      await foreign.publisher.publish('orders', Buffer.from([0xfe, 0xff]));
      await foreign.publisher.publish('orders', '{"id":"7"}');
      expect(await letters.count(3)).toMatchObject([
        { event: { payload: { id: 'x' } }, error: { code: 'EVENT_BUS_PAYLOAD_INVALID' }, attempts: 0 },
        { event: { base64: '/v8=', bytes: 2 }, error: { code: 'EVENT_BUS_PAYLOAD_DECODE' }, attempts: 0 },
        { event: { payload: { id: '7' } }, error: { message: 'nothing fits' }, attempts: 1 },
      ]);
      await eventually(() => expect(app.counters).toMatchObject({ rejected: 2, failed: 1, deadLettered: 3 }));
    });

    it('is JSON text where the codec takes bytes', async () => {
      const letters = new Inbox<DeadLetter>();
      @Injectable()
      class Bytes {
        @OnEvent('bytes', { deadLetter: 'dead' })
        handle() {
          throw new Error('boom');
        }

        @OnEvent('dead')
        bury(body: Buffer) {
          letters.push(JSON.parse(body.toString()) as DeadLetter);
        }
      }
      const app = await start({ providers: [Bytes] }, { ...bus(), codec: raw() });
      await app.publisher.publish('bytes', Buffer.from([0, 1, 2]));
      expect(await letters.count(1)).toMatchObject([
        { event: { channel: 'bytes', base64: 'AAEC', bytes: 3 }, error: { message: 'boom' } },
      ]);
    });

    it('has the metadata of the event, and an id of its own, with cloudEvents()', async () => {
      const seen = new Inbox<{ letter: DeadLetter; id: string | undefined }>();
      @Injectable()
      class Billing {
        @OnEvent('orders', { deadLetter: 'dead' })
        bill() {
          throw new Error('boom');
        }

        @OnEvent('dead')
        bury(letter: DeadLetter, event: EventContext) {
          seen.push({ letter, id: event.metadata.id });
        }
      }
      const app = await start(
        { providers: [Billing] },
        { ...bus(), codec: cloudEvents({ source: '/orders' }) },
      );
      await app.publisher.publish('orders', 1, { headers: { id: 'e-1' } });
      const [{ letter, id }] = (await seen.count(1)) as [{ letter: DeadLetter; id: string | undefined }];
      expect(letter.event.metadata).toMatchObject({ id: 'e-1', source: '/orders', type: 'orders' });
      expect(id).not.toBe('e-1');
    });

    it('has no content where a letter with it would be too large', async () => {
      const letters = new Inbox<DeadLetter>();
      @Injectable()
      class Billing {
        @OnEvent('orders', { deadLetter: 'dead' })
        bill() {
          throw new Error('boom');
        }
      }
      const app = await start(
        { providers: [Billing, undertaker(letters, 'dead')] },
        { ...bus(), maxPayloadBytes: 400 },
      );
      await app.publisher.publish('orders', 'x'.repeat(390));
      const [letter] = await letters.count(1);
      expect(letter?.event).toEqual({
        channel: 'orders',
        bytes: 392,
        metadata: {},
        receivedAt: expect.any(String),
      });
    });

    it('of a listener goes the same way', async () => {
      const letters = new Inbox<DeadLetter>();
      const app = await start({ providers: [undertaker(letters, 'dead')] }, bus());
      const options = { deadLetter: 'dead', retry: { attempts: 2, delayMs: 1 } };
      await app.subscriber.subscribe('orders', () => Promise.reject(new Error('boom')), options);
      await app.publisher.publish('orders', 1);
      expect(await letters.count(1)).toMatchObject([{ handler: 'listener', attempts: 2 }]);
    });
  });
});

describe('wrong options', () => {
  const bus: BusOptions = { transport: memory() };

  it('are all named at once, with what to write instead', async () => {
    @Injectable()
    class Wrong {
      @OnEvent('', { concurrency: 0, buffer: untyped({ events: 0, size: 1 }), retry: untyped(3) })
      first() {
        return undefined;
      }

      @OnEvent('orders:*', { timeoutMs: -1, orderBy: untyped('key'), deadLetter: 'dead:*', group: 'a b' })
      second() {
        return undefined;
      }

      @OnEvent('orders:*', untyped({ kind: 'stream', timeout: 5 }))
      third() {
        return undefined;
      }
    }
    const problems = await problemsOf({ providers: [Wrong] }, bus);
    expect(problems).toEqual(
      [
        ['first', 'concurrency must be a whole number from 1 to 1000000.'],
        ['first', 'buffer.events must be a whole number from 1 to 10000000.'],
        ['first', 'buffer.size is not an option. Known options: events, bytes, overflow.'],
        ['first', 'retry must be an object, e.g. retry: { attempts: 3 }.'],
        ['first', 'target "": the target is empty.'],
        ['second', "orderBy must be 'channel', 'none' or a function that returns the key of an event."],
        ['second', 'timeoutMs must be a whole number of milliseconds from 1 to 2147483647.'],
        ['second', 'deadLetter is not a valid channel: it contains a glob character'],
        ['second', "group must be 1 to 64 letters, digits, '.', '_' or '-', e.g. group: 'notifications'."],
        ['third', "kind must be 'channel', 'pattern' or 'shard'."],
        [
          'third',
          'timeout is not an option. Known options: bus, kind, concurrency, orderBy, buffer, timeoutMs, stuckAfterMs, retry, deadLetter, group.',
        ],
      ].map(([method, problem]) => expect.stringContaining(`@OnEvent on Wrong.${method}: ${problem}`)),
    );
  });

  it('of handlerDefaults fail the start too', async () => {
    const handlerDefaults = untyped({ concurrency: 0, retry: { attempts: 0 }, bus: 'x' });
    expect(await problemsOf({}, { ...bus, handlerDefaults })).toEqual([
      'handlerDefaults.concurrency must be a whole number from 1 to 1000000.',
      'handlerDefaults.retry.attempts must be a whole number from 1 to 1000.',
      'handlerDefaults.bus is not an option. Known options: concurrency, orderBy, buffer, timeoutMs, stuckAfterMs, retry, deadLetter, group.',
    ]);
  });

  it('are dead letters that a handler would get itself, also by the defaults of its bus', async () => {
    @Injectable()
    class Loop {
      @OnEvent(['paid', 'orders:*'], { deadLetter: 'orders:dead' })
      own() {
        return undefined;
      }

      @OnEvent('*')
      byDefault() {
        return undefined;
      }

      @OnEvent('*', { deadLetter: false })
      without() {
        return undefined;
      }
    }
    const options = { ...bus, prefix: 'app:', handlerDefaults: { deadLetter: 'dead' } };
    expect(await problemsOf({ providers: [Loop] }, options)).toEqual([
      '@OnEvent on Loop.own: deadLetter "orders:dead" matches the handler\'s own target "orders:*", so the handler would get its own dead letters. Choose another channel.',
      '@OnEvent on Loop.byDefault: deadLetter "dead" matches the handler\'s own target "*", so the handler would get its own dead letters. Choose another channel.',
    ]);
  });

  it('are different ones of decorators on one method, and not the same ones twice', async () => {
    @Injectable()
    class Stacked {
      @OnEvent('a', { concurrency: 1, retry: { attempts: 2 } })
      @OnEvent('b', { concurrency: 2, retry: { attempts: 3 }, timeoutMs: 5 })
      differ() {
        return undefined;
      }

      @OnEvent('a', { concurrency: 1, retry: { attempts: 2 } })
      @OnEvent('b', { concurrency: 1, retry: { attempts: 2 }, timeoutMs: 5 })
      @OnEvent('c')
      agree() {
        return undefined;
      }

      @OnEvent('a', { concurrency: 1 })
      @OnEvent('a', { concurrency: 2, bus: 'other' })
      onTwoBuses() {
        return undefined;
      }
    }
    expect(await problemsOf({ providers: [Stacked] }, bus, { ...bus, name: 'other' })).toEqual([
      '@OnEvent on Stacked.differ: its decorators give different values for concurrency. Options apply to the whole method: set it once.',
      '@OnEvent on Stacked.differ: its decorators give different values for retry. Options apply to the whole method: set it once.',
    ]);
  });

  it('are a group without ids of events, also by the defaults of the bus', async () => {
    @Injectable()
    class Grouped {
      @OnEvent('a', { group: 'g' })
      own() {
        return undefined;
      }

      @OnEvent('a', { group: false })
      without() {
        return undefined;
      }
    }
    expect(await problemsOf({ providers: [Grouped] }, bus)).toEqual([
      '@OnEvent on Grouped.own: group needs events with an id, but the json codec carries none. Write codec: cloudEvents({ source }).',
    ]);
    expect(
      await problemsOf({ providers: [gated(new Gate(), {})] }, { ...bus, handlerDefaults: { group: 'all' } }),
    ).toEqual([expect.stringContaining('@OnEvent on Gated.handle: group needs events with an id')]);
  });

  it('are a second handler of one group, which would take events from the first', async () => {
    const codec = cloudEvents({ source: '/x' });
    const [one, two] = [gated(new Gate(), { group: 'g' }), gated(new Gate(), { group: 'g' })];
    const another =
      '@OnEvent on Gated.handle: Gated.handle is already in group "g", so each event would go to only one of them. Choose another group.';
    expect(await problemsOf({ providers: [one, two] }, { ...bus, codec })).toEqual([another]);
    await start({ providers: [one, gated(new Gate(), { group: 'h' })] }, { ...bus, codec });

    @Injectable()
    class Twice {
      @OnEvent('a')
      first() {
        return undefined;
      }

      @OnEvent('b')
      second() {
        return undefined;
      }

      @OnEvent('c', { group: false })
      everywhere() {
        return undefined;
      }
    }
    expect(
      await problemsOf({ providers: [Twice] }, { ...bus, codec, handlerDefaults: { group: 'all' } }),
    ).toEqual([expect.stringContaining('@OnEvent on Twice.second: Twice.first is already in group "all"')]);
  });

  it('are not the handler of a class that two modules provide: it is one to its group', async () => {
    const shared = gated(new Gate(), { group: 'g' });
    @Module({ providers: [shared] })
    class Feature {}
    const app = await start(
      { imports: [Feature], providers: [shared] },
      { ...bus, codec: cloudEvents({ source: '/x' }) },
    );
    expect(app.snapshot.handlers).toHaveLength(2);
  });

  it('of a listener reject its subscription', async () => {
    const app = await start({}, bus);
    const subscribe = (options: object) => app.subscriber.subscribe('a', () => undefined, options);
    for (const [options, message] of [
      [{ concurrency: 0 }, 'concurrency must be a whole number from 1 to 1000000.'],
      [{ timeout: 5 }, 'timeout is not an option. Known options: kind, concurrency, '],
      [{ group: 'g' }, 'group is not an option. Known options: kind, concurrency, '],
      [{ deadLetter: 'a' }, 'deadLetter "a" matches the handler\'s own target "a"'],
    ] as const) {
      const subscribing = subscribe(options);
      await expect(subscribing).rejects.toThrow(message);
      await expect(subscribing).rejects.toBeInstanceOf(InvalidOptionError);
    }
    expect(app.snapshot.handlers).toEqual([]);
  });
});

describe('handlerDefaults', () => {
  it('hold for every handler and listener that says nothing else', async () => {
    const [gate, own, listened] = [new Gate(), new Gate(), new Gate()];
    const bus = { transport: memory(), handlerDefaults: { concurrency: 1 } };
    const app = await start({ providers: [gated(gate, {}), gated(own, { concurrency: 2 })] }, bus);
    await app.subscriber.subscribe('orders:*', (payload, event) => listened.pass(String(payload), event));
    for (const channel of ['a', 'b', 'c']) await app.publisher.publish(`orders:${channel}`, channel);
    await eventually(() =>
      expect(app.snapshot.handlers.map(({ running, waiting }) => [running, waiting])).toEqual([
        [1, 2],
        [2, 1],
        [1, 2],
      ]),
    );
    for (const { started } of [gate, own, listened]) expect(started.items[0]).toBe('a');
    for (const held of [gate, own, listened]) held.endAll();
    await settled();
    for (const held of [gate, own, listened]) held.endAll();
    await settled();
    for (const held of [gate, own, listened]) held.endAll();
  });
});

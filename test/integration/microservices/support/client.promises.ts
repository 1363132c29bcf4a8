import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { TransportFactory } from 'nestjs-redis-event-bus';
import {
  BusClosedError,
  ConfigurationError,
  InvalidChannelError,
  InvalidOptionError,
  PayloadEncodeError,
  PayloadTooLargeError,
  json,
  raw,
} from 'nestjs-redis-event-bus';
import {
  EventBusClient,
  NoRespondersError,
  RequestTimeoutError,
  nestPacket,
  packetCodec,
} from 'nestjs-redis-event-bus/microservices';
import type { Observable } from 'rxjs';
import { NEVER, concat, firstValueFrom, from, lastValueFrom, of, take, toArray } from 'rxjs';
import { eventually } from '../../../support/eventually.js';
import { Inbox } from '../../../support/inbox.js';
import { EventPattern } from './event-pattern.js';
import { MicroserviceApps } from './microservice.apps.js';
import { gate } from './server.promises.js';
import { itOnNest12 } from '../../../support/nest.major.js';
import { untyped } from '../../../support/untyped.js';

/** What a client holds for requests: nothing, when none waits. */
export function heldBy(client: EventBusClient) {
  const { size, session } = client['exchange'];
  const { registry, transport } = session.runtime;
  return {
    ...size,
    handlers: registry.handlers.length,
    subscriptions: transport.subscriptions().length,
  };
}
export const NOTHING = { requests: 0, replyChannels: 0, handlers: 0, subscriptions: 0 };

/** Forgets a request at the end of the test. */
export function listen(replies: Observable<unknown>): Inbox<unknown> & { stop(): void } {
  const inbox = new Inbox<unknown>();
  const subscription = replies.subscribe({
    next: inbox.push,
    error: inbox.push,
    complete: () => inbox.push('completed'),
  });
  return Object.assign(inbox, { stop: () => subscription.unsubscribe() });
}

/** What EventBusClient promises beyond Nest's own transport. */
export function describeClientPromises(transport: () => TransportFactory): void {
  const apps = new MicroserviceApps(transport);
  const seen = new Inbox<unknown>();
  let held = gate();
  beforeEach(() => {
    seen.clear();
    held = gate();
  });
  afterEach(() => held.open());

  @Controller()
  class Service {
    @MessagePattern('echo')
    echo(data: unknown): unknown {
      seen.push(data);
      return data;
    }

    @MessagePattern('held')
    async held(data: unknown): Promise<unknown> {
      seen.push(data);
      await held.passed;
      return data;
    }

    @MessagePattern('first-then-held')
    firstThenHeld(data: unknown): Observable<unknown> {
      return concat(of(data), from(held.passed), of('last'));
    }

    @MessagePattern('endless')
    endless(data: unknown): Observable<unknown> {
      return concat(of(data), NEVER);
    }

    @MessagePattern('numbers.*')
    numbers(data: number): Observable<number> {
      return from([data, data + 1]);
    }

    @EventPattern('noted')
    noted(note: unknown): void {
      seen.push(note);
    }
  }
  const serve = () => apps.serve({ controllers: [Service] }, { shutdown: { drainTimeoutMs: 0 } });
  const fail = (observable: Observable<unknown>) =>
    lastValueFrom(observable).then(
      () => Promise.reject(new Error('It did not fail.')),
      (error: unknown) => error,
    );

  describe('emit', () => {
    it('publishes at once and once, whether or not anybody subscribes to the result', async () => {
      await serve();
      const client = apps.client();
      const emitted = client.emit('noted', 1);
      await lastValueFrom(emitted, { defaultValue: undefined });
      await lastValueFrom(emitted, { defaultValue: undefined });
      client.emit('noted', 2);
      expect(await seen.count(2)).toEqual([1, 2]);
    });

    it('sends the data as it is at the call', async () => {
      await serve();
      const client = apps.client();
      const order = { status: 'created' };
      client.emit('noted', order);
      order.status = 'paid';
      client.emit('noted', order);
      expect(await seen.count(2)).toEqual([{ status: 'created' }, { status: 'paid' }]);
    });

    it('keeps the order of the calls, also before there is a connection', async () => {
      await serve();
      const client = apps.client();
      const numbers = Array.from({ length: 100 }, (_, n) => n);
      for (const n of numbers) client.emit('noted', n);
      expect(await seen.count(100)).toEqual(numbers);
    });

    const bodies = new Inbox<string>();
    @Controller()
    class Wire {
      @EventPattern('*')
      message(@Payload() body: Buffer): void {
        bodies.push(body.toString());
      }
    }
    beforeEach(() => bodies.clear());

    it('writes a packet of Nest', async () => {
      await apps.serve({ controllers: [Wire] }, { codec: raw() });
      const client = apps.client();
      await lastValueFrom(client.emit('noted', { id: 1 }));
      await lastValueFrom(client.emit({ b: 'c', a: 1 }, 0));
      await lastValueFrom(client.emit(5, [1]));
      expect(await bodies.count(3)).toEqual([
        '{"pattern":"noted","data":{"id":1}}',
        '{"pattern":{"b":"c","a":1},"data":0}',
        '{"pattern":5,"data":[1]}',
      ]);
    });

    itOnNest12('its clients have no setOnDispatchHook')(
      'writes into the packet what a hook attaches',
      async () => {
        await apps.serve({ controllers: [Wire] }, { codec: raw() });
        const client = apps.client();
        client.setOnDispatchHook((packet) => {
          packet.metadata = { tenant: 'acme' };
        });
        await lastValueFrom(client.emit(5, [1]));
        expect(await bodies.count(1)).toEqual(['{"pattern":5,"data":[1],"metadata":{"tenant":"acme"}}']);
      },
    );

    it('errors with what is wrong, and sends nothing', async () => {
      await serve();
      const client = apps.client({ maxPayloadBytes: 200 });
      expect(await fail(client.emit('noted.*', 1))).toBeInstanceOf(InvalidChannelError);
      expect(await fail(client.emit('', 1))).toBeInstanceOf(InvalidChannelError);
      expect(await fail(client.emit('__noted', 1))).toBeInstanceOf(InvalidChannelError);
      expect(await fail(client.emit('noted', 1n))).toBeInstanceOf(PayloadEncodeError);
      expect(await fail(client.emit('noted', () => 1))).toBeInstanceOf(PayloadEncodeError);
      expect(await fail(client.emit('noted', { toJSON: () => undefined }))).toBeInstanceOf(
        PayloadEncodeError,
      );
      expect(await fail(client.emit('noted', 'x'.repeat(300)))).toBeInstanceOf(PayloadTooLargeError);
      for (const [pattern, data] of [
        [null, 1],
        ['noted', null],
        ['noted', undefined],
      ]) {
        expect(await fail(client.emit(pattern, data))).toMatchObject({
          message: expect.stringContaining('pattern'),
        });
        expect(await fail(client.send(pattern, data))).toMatchObject({
          message: expect.stringContaining('pattern'),
        });
      }
      await lastValueFrom(client.emit('noted', 'fence'));
      expect(await seen.count(1)).toEqual(['fence']);
      const failing = packetCodec({
        ...nestPacket(),
        encodePacket: () => {
          throw new TypeError('no form');
        },
      });
      expect(await fail(apps.client({ codec: failing }).emit('noted', 1))).toMatchObject({
        code: 'EVENT_BUS_PAYLOAD_ENCODE',
        message: expect.stringContaining('no form'),
      });
      const wrong = packetCodec({ ...nestPacket(), encodePacket: () => untyped(7) });
      expect(await fail(apps.client({ codec: wrong }).emit('noted', 1))).toMatchObject({
        message: expect.stringContaining('the codec returned number'),
      });
    });
  });

  describe('send', () => {
    it('asks once for every subscriber, and not before', async () => {
      await serve();
      const client = apps.client();
      const data = { n: 1 };
      const asked = client.send('echo', data);
      await lastValueFrom(client.emit('noted', 'fence'));
      data.n = 2;
      expect(await lastValueFrom(asked)).toEqual({ n: 2 });
      data.n = 3;
      expect(await lastValueFrom(asked)).toEqual({ n: 3 });
      expect(await seen.count(3)).toEqual(['fence', { n: 2 }, { n: 3 }]);
    });

    it('sends the data as it is when it is subscribed to', async () => {
      await serve();
      const data = { n: 1 };
      const replied = lastValueFrom(apps.client().send('echo', data));
      data.n = 2;
      expect(await replied).toEqual({ n: 1 });
    });

    it('holds nothing after the last reply, an error or an end, over many patterns', async () => {
      await serve();
      const client = apps.client();
      const asked = Array.from({ length: 40 }, (_, n) =>
        lastValueFrom(client.send<number>(`numbers.${n}`, n).pipe(toArray())),
      );
      const failed = Array.from({ length: 40 }, (_, n) => fail(client.send(`nobody.${n}`, n)));
      expect(heldBy(client)).toMatchObject({ requests: 80, replyChannels: 0 });
      expect(await Promise.all(asked)).toEqual(Array.from({ length: 40 }, (_, n) => [n, n + 1]));
      for (const error of await Promise.all(failed)) expect(error).toBeInstanceOf(NoRespondersError);
      expect(heldBy(client)).toEqual(NOTHING);
    });

    it('keeps a reply channel as long as one request waits on it', async () => {
      await serve();
      const client = apps.client();
      const first = listen(client.send('held', 1));
      const second = listen(client.send('held', 2));
      await seen.count(2);
      expect(heldBy(client)).toEqual({ requests: 2, replyChannels: 1, handlers: 1, subscriptions: 1 });
      first.stop();
      expect(heldBy(client)).toEqual({ requests: 1, replyChannels: 1, handlers: 1, subscriptions: 1 });
      held.open();
      expect(await second.count(2)).toEqual([2, 'completed']);
      expect(first.items).toEqual([]);
      expect(heldBy(client)).toEqual(NOTHING);
    });

    it('can be asked again at once on a channel that was just given up', async () => {
      await serve();
      const client = apps.client();
      for (let n = 0; n < 20; n += 1) {
        listen(client.send('held', n)).stop();
        expect(await lastValueFrom(client.send('echo', n))).toBe(n);
      }
      expect(heldBy(client)).toEqual(NOTHING);
    });

    it('is forgotten when nobody is interested any more, at every stage', async () => {
      await serve();
      const client = apps.client();
      listen(client.send('held', 'not connected')).stop();
      await client.connect();
      listen(client.send('held', 'not subscribed')).stop();
      const asked = listen(client.send('held', 'asked'));
      expect(await seen.count(1)).toEqual(['asked']);
      asked.stop();
      expect(heldBy(client)).toEqual(NOTHING);
      expect(await lastValueFrom(client.send('endless', 1).pipe(take(1)))).toBe(1);
      expect(heldBy(client)).toEqual(NOTHING);
    });

    it('fails at once when nobody listens', async () => {
      const client = apps.client();
      const error = await fail(client.send('nobody', 1));
      expect(error).toBeInstanceOf(NoRespondersError);
      expect(error).toMatchObject({
        code: 'EVENT_BUS_NO_RESPONDERS',
        channel: 'nobody',
        message: expect.stringContaining('"nobody"'),
      });
      expect(heldBy(client)).toEqual(NOTHING);
    });

    it('fails when no reply comes in time', async () => {
      await serve();
      const client = apps.client({ requestTimeoutMs: 50 });
      const error = await fail(client.send('held', 1));
      expect(error).toBeInstanceOf(RequestTimeoutError);
      expect(error).toMatchObject({ code: 'EVENT_BUS_REQUEST_TIMEOUT', channel: 'held', timeoutMs: 50 });
      expect(heldBy(client)).toEqual(NOTHING);
      expect(await fail(client.send('held', 2, { timeoutMs: 20 }))).toMatchObject({ timeoutMs: 20 });
    });

    it('does not count the time in which the event loop was blocked', async () => {
      await serve();
      const client = apps.client();
      const replied = lastValueFrom(client.send('echo', 'asked', { timeoutMs: 1_000 }));
      const untilMs = performance.now() + 1_100;
      while (performance.now() < untilMs);
      expect(await replied).toBe('asked');
    });

    it('fails when no further reply comes in time', async () => {
      await serve();
      const replies = listen(apps.client().send('first-then-held', 1, { timeoutMs: 200 }));
      expect(await replies.count(2)).toEqual([1, expect.any(RequestTimeoutError)]);
    });

    it('stops waiting when its signal says so, with the reason of the signal', async () => {
      await serve();
      const client = apps.client();
      const controller = new AbortController();
      const failed = fail(client.send('held', 'asked', { signal: controller.signal }));
      await seen.count(1);
      const reason = new Error('not interested');
      controller.abort(reason);
      expect(await failed).toBe(reason);
      expect(await fail(client.send('held', 'never', { signal: controller.signal }))).toBe(reason);
      expect(await fail(client.send('echo', 'x', { signal: AbortSignal.abort('') }))).toBeInstanceOf(Error);
      expect(heldBy(client)).toEqual(NOTHING);
      expect(
        await lastValueFrom(client.send('echo', 'fence', { signal: new AbortController().signal })),
      ).toBe('fence');
      expect(seen.items).toEqual(['asked', 'fence']);
    });

    it('refuses wrong options', async () => {
      const client = apps.client();
      for (const timeoutMs of [0, -1, 1.5, Number.NaN, 2 ** 31, untyped('5')]) {
        expect(await fail(client.send('echo', 1, { timeoutMs }))).toBeInstanceOf(InvalidOptionError);
      }
      expect(await fail(client.send('echo.*', 1))).toBeInstanceOf(InvalidChannelError);
      expect(await fail(client.send('echo', 1n))).toBeInstanceOf(PayloadEncodeError);
      expect(heldBy(client)).toEqual(NOTHING);
    });

    it('takes the replies of services that know no envelope', async () => {
      const client = apps.client();
      const answering = apps.client({ codec: json() });
      const answers = [
        (id: string) => ({ id, sum: 3 }),
        (id: string) => ({ id, response: 3, isDisposed: true }),
        (id: string) => ({ id, err: 'no' }),
        (id: string) => ({ id }),
      ];
      @Controller()
      class Foreign {
        @EventPattern('sum')
        sum(@Payload() request: { id: string; data: number }): void {
          const answer = answers[request.data] as (id: string) => unknown;
          // What is for nobody, or no reply at all, bothers nobody.
          for (const other of [{ id: 'unknown', response: 1 }, 'text', { no: 'id' }]) {
            answering.emit('sum.reply', other);
          }
          answering.emit('sum.reply', answer(request.id));
        }
      }
      await apps.serve({ controllers: [Foreign] }, { codec: json() });
      expect(await lastValueFrom(client.send('sum', 0))).toEqual({
        id: expect.any(String) as string,
        sum: 3,
      });
      expect(await lastValueFrom(client.send('sum', 1))).toBe(3);
      expect(await fail(client.send('sum', 2))).toBe('no');
      expect(await firstValueFrom(client.send('sum', 3))).toBeUndefined();
      expect(heldBy(client)).toEqual(NOTHING);
    });

    it('reads the replies of a binary protocol with a codec of your own', async () => {
      // As those of a service that answers <id>:<channel>:<bytes>.
      const binary = packetCodec({
        ...nestPacket(),
        name: 'binary',
        decodePacket: (body, channel) => {
          if (!channel.endsWith('.reply')) return nestPacket().decodePacket(body, channel);
          const idEnd = body.indexOf(':');
          const channelEnd = body.indexOf(':', idEnd + 1);
          const id = body.subarray(0, idEnd).toString();
          return { type: 'reply', id, response: body.subarray(channelEnd + 1), isDisposed: true };
        },
      });
      const answering = apps.client({ codec: raw() });
      const bytes = Buffer.from([0, 1, 2, 255]);
      @Controller()
      class Binary {
        @EventPattern('binary')
        binary(@Payload() body: Buffer): void {
          const { id, data } = JSON.parse(body.toString()) as { id: string; data: string };
          const response = data === 'bytes' ? bytes : Buffer.from(`${data} replied`);
          answering.emit('binary.reply', Buffer.concat([Buffer.from(`${id}:binary:`), response]));
        }
      }
      await apps.serve({ controllers: [Binary] }, { codec: raw() });
      const client = apps.client({ codec: binary });
      const ask = (data: string) => lastValueFrom(client.send<Buffer>('binary', data));
      expect(await Promise.all([ask('a'), ask('b'), ask('bytes')])).toEqual([
        Buffer.from('a replied'),
        Buffer.from('b replied'),
        bytes,
      ]);
    });
  });

  describe('close', () => {
    it('fails what waits, at every stage, and whatever comes later', async () => {
      await serve();
      const client = apps.client();
      const asked = fail(client.send('held', 1));
      await seen.count(1);
      const late = [fail(client.send('held.too', 1)), fail(client.send('echo', 1))];
      await Promise.all([client.close(), client.close()]);
      for (const error of await Promise.all([asked, ...late])) expect(error).toBeInstanceOf(BusClosedError);
      expect(heldBy(client)).toEqual(NOTHING);
      expect(await fail(client.send('echo', 1))).toBeInstanceOf(BusClosedError);
      expect(await fail(client.emit('noted', 1))).toBeInstanceOf(BusClosedError);
      await expect(client.connect()).rejects.toThrow(BusClosedError);
    });

    it('may come before the client has connected, and while it does', async () => {
      await apps.client().close();
      const client = apps.client();
      const emitted = fail(client.emit('noted', 1));
      const connected = client.connect().catch((error: unknown) => error);
      await client.close();
      expect(await connected).toBeInstanceOf(BusClosedError);
      expect(await emitted).toBeInstanceOf(BusClosedError);
    });

    it('does not go round with those who ask again at once', async () => {
      await serve();
      const client = apps.client();
      const errors = new Inbox<unknown>();
      const again = () => {
        client.send('held', 1).subscribe({
          error: (error: unknown) => {
            errors.push(error);
            if (errors.items.length < 3) again();
          },
        });
      };
      again();
      await seen.count(1);
      await client.close();
      expect(await errors.count(3)).toHaveLength(3);
    });

    it('comes with the application when the client does not wait for anything', async () => {
      const client = apps.client();
      await client.connect();
      const words: string[] = [];
      client.status.subscribe((word) => words.push(word));
      client.on('disconnected', () => words.push('on disconnected'));
      await client.close();
      expect(words).toEqual(['connected', 'disconnected', 'on disconnected']);
    });
  });

  describe('options', () => {
    it('that are wrong are refused all at once', () => {
      const wrong = { transport: undefined, requestTimeoutMs: 0, prefix: 1, keyPrefix: 'x' };
      const create = () => new EventBusClient(untyped(wrong));
      expect(create).toThrow(ConfigurationError);
      expect(create).toThrow(/transport is missing.*prefix must.*keyPrefix is not.*requestTimeoutMs must/s);
      const late = { transport: transport(), requestTimeoutMs: 0 };
      expect(() => new EventBusClient(late)).toThrow('requestTimeoutMs must be a whole number');
      expect(() => new EventBusClient(untyped(undefined))).toThrow('transport is missing');
    });

    it('that are undefined are the defaults', async () => {
      await serve();
      const client = apps.client({
        codec: untyped(undefined),
        name: untyped(undefined),
        requestTimeoutMs: untyped(undefined),
        prefix: untyped(undefined),
      });
      expect(await lastValueFrom(client.send('echo', 1, { timeoutMs: untyped(undefined) }))).toBe(1);
    });
  });

  it('publishes requests for those who extend it, as ClientProxy does', async () => {
    class Extended extends EventBusClient {
      ask(data: unknown): Promise<unknown> {
        return new Promise((resolve) => {
          const forget = this.publish({ pattern: 'echo', data }, (reply) => resolve([reply, forget]));
        });
      }
    }
    await serve();
    const client = new Extended({ transport: transport() });
    apps.closeLater(() => client.close());
    const [reply, forget] = (await client.ask(1)) as [unknown, () => void];
    expect(reply).toEqual({ response: 1, isDisposed: true });
    forget();
    await eventually(() => expect(heldBy(client)).toEqual(NOTHING));
  });
}

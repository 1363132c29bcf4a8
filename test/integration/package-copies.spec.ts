import type { CanActivate, Type } from '@nestjs/common';
import { Catch, Controller, Injectable, UseFilters, UseGuards } from '@nestjs/common';
import type { ArgumentsHost, DynamicModule, ExceptionFilter, Provider } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  EventBusInspector,
  EventBusModule,
  EventBusPublisher,
  InvalidChannelError,
  NotConnectedError,
  OnEvent,
  OnGap,
  PayloadInvalidError,
  defineEvent,
  isEventContext,
  memory,
} from 'nestjs-redis-event-bus';
import { EventBusTestingModule } from 'nestjs-redis-event-bus/testing';
import { z } from 'zod';
import { Inbox } from '../support/inbox.js';
import type { PackageCopy } from '../support/package.copies.js';
import { copyOf010, copyOfThisVersion } from '../support/package.copies.js';
import { untyped } from '../support/untyped.js';

let other: PackageCopy;
let old: PackageCopy;
beforeAll(async () => {
  other = await copyOfThisVersion();
  old = await copyOf010();
});
afterAll(() => {
  other.remove();
  old.remove();
});

interface Parts {
  readonly imports?: readonly (DynamicModule | Type)[];
  readonly providers?: readonly Provider[];
  readonly controllers?: readonly Type[];
}

async function start({ imports = [], providers = [], controllers = [] }: Parts) {
  const module = await Test.createTestingModule({
    imports: [...imports],
    providers: [...providers],
    controllers: [...controllers],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  try {
    return await app.init();
  } catch (error) {
    await app.close().catch(() => undefined);
    throw error;
  }
}

const bus = () => EventBusModule.forRoot({ transport: memory() });

/** A service that was compiled against another copy. */
function notifierOf({ library }: PackageCopy, seen: Inbox<unknown>): Type {
  const contract = library.defineEvent('orders:<orderId>:created', z.object({ total: z.number() }));
  @Injectable()
  class Notifier {
    notify(...args: unknown[]) {
      seen.push(args);
    }

    reconcile() {
      return undefined;
    }
  }
  const methods = Notifier.prototype;
  const decorate = (decorator: MethodDecorator, name: 'notify' | 'reconcile') =>
    decorator(methods, name, Object.getOwnPropertyDescriptor(methods, name) as PropertyDescriptor);
  decorate(library.OnEvent(contract), 'notify');
  decorate(library.OnGap(), 'reconcile');
  library.ChannelParam('orderId')(methods, 'notify', 0);
  return Notifier;
}

describe('a second copy of this version', () => {
  it('is another one: its classes are not ours', () => {
    expect(other.library.EventBusModule).not.toBe(EventBusModule);
    expect(Object.getPrototypeOf(other.library.defineEvent('a'))).not.toBe(
      Object.getPrototypeOf(defineEvent('a')),
    );
  });

  it('decorates handlers that this one serves, with its contracts and its parameters', async () => {
    const seen = new Inbox<unknown>();
    const app = await start({ imports: [bus()], providers: [notifierOf(other, seen)] });
    const contract = other.library.defineEvent('orders:<orderId>:created', z.object({ total: z.number() }));
    const publisher = app.get(EventBusPublisher);
    await publisher.publish(contract, { total: 9 }, { params: { orderId: '42' } });
    await expect(
      publisher.publish(contract, untyped({ total: 'nine' }), { params: { orderId: '42' } }),
    ).rejects.toBeInstanceOf(PayloadInvalidError);
    expect(await seen.count(1)).toEqual([['42']]);
    expect(app.get(EventBusInspector).snapshot().handlers).toMatchObject([
      { handler: 'Notifier.notify', targets: ['orders:<orderId>:created'] },
    ]);
    await app.close();
  });

  it('recognizes our events and our errors, and we recognize its own', async () => {
    const seen = new Inbox<boolean>();
    @Catch()
    class Filter implements ExceptionFilter {
      catch(_error: unknown, host: ArgumentsHost) {
        seen.push(other.library.isEventContext(host));
        seen.push(isEventContext(host));
      }
    }
    @Injectable()
    class Service {
      @UseFilters(Filter)
      @OnEvent('orders:*')
      fail() {
        throw new Error('for the filter');
      }
    }
    const app = await start({ imports: [bus()], providers: [Service] });
    const publisher = app.get(EventBusPublisher);
    await publisher.publish('orders:1', 1);
    expect(await seen.count(2)).toEqual([true, true]);
    const refused: unknown = await publisher.publish('orders:*', 1).catch((error: unknown) => error);
    await app.close();

    expect(refused).toBeInstanceOf(other.library.InvalidChannelError);
    expect(refused).toBeInstanceOf(other.library.EventBusError);
    expect(refused).not.toBeInstanceOf(other.library.NotConnectedError);
    expect(new other.library.NotConnectedError()).toBeInstanceOf(NotConnectedError);
    expect(new other.library.NotConnectedError()).not.toBeInstanceOf(InvalidChannelError);
  });

  it('gives a testing module and a broker that our buses use', async () => {
    const broker = other.library.memoryBroker();
    const app = await start({
      imports: [
        EventBusModule.forRoot({ transport: memory({ broker: broker }) }),
        other.testing.EventBusTestingModule as Type,
      ],
    });
    await app.get(EventBusPublisher).publish('orders:created', 1);
    expect(app.get(other.testing.EventRecorder).published).toMatchObject([{ channel: 'orders:created' }]);
    await app.close();
  });

  it('cannot have a bus of the same name beside ours', async () => {
    const theirs = other.library.EventBusModule.forRoot({ transport: other.library.memory() });
    await expect(start({ imports: [bus(), theirs] })).rejects.toThrow(/two buses named "default"/);
  });
});

describe('a copy that is too different', () => {
  const seen = new Inbox<unknown>();

  it('is named at the start when it decorated a handler that no bus serves', async () => {
    await expect(start({ imports: [bus()], providers: [notifierOf(old, seen)] })).rejects.toThrow(
      /Notifier\.notify: it is decorated by a copy of nestjs-redis-event-bus that is incompatible.*npm ls/,
    );
  });

  it('is left alone when it has a bus of its own', async () => {
    const theirs = old.library.EventBusModule.forRoot({ transport: old.library.memory() });
    const app = await start({ imports: [bus(), theirs], providers: [notifierOf(old, seen)] });
    const contract = old.library.defineEvent('orders:<orderId>:created', z.object({ total: z.number() }));
    await app
      .get(old.library.EventBusPublisher)
      .publish(contract, { total: 9 }, { params: { orderId: '7' } });
    expect(await seen.count(1)).toEqual([['7']]);
    await app.close();
  });

  it('is named when its contract is a target, a contract of the module, or published to', async () => {
    const contract = old.library.defineEvent('orders:created');
    @Injectable()
    class Service {
      @OnEvent(contract)
      handle() {
        return undefined;
      }
    }
    const strange = /the contract "orders:created" comes from an incompatible copy of nestjs-redis-event-bus/;
    await expect(start({ imports: [bus()], providers: [Service] })).rejects.toThrow(strange);
    const options = { transport: memory(), contracts: [contract] };
    await expect(start({ imports: [EventBusModule.forRoot(options)] })).rejects.toThrow(strange);
    const app = await start({ imports: [bus()] });
    await expect(app.get(EventBusPublisher).publish(contract, 1)).rejects.toThrow(strange);
    await app.close();
  });

  it.each([
    ['its testing module beside our bus', () => [bus(), old.testing.EventBusTestingModule as Type]],
    [
      'our testing module beside its bus',
      () => [old.library.EventBusModule.forRoot({ transport: old.library.memory() }), EventBusTestingModule],
    ],
  ])('fails the test that has %s, before anything connects', async (_what, imports) => {
    await expect(start({ imports: imports() })).rejects.toThrow(
      /EventBusTestingModule and EventBusModule come from incompatible copies/,
    );
  });
});

describe('a decorated class that no bus could call', () => {
  it('is named at the start when Nest makes it as a guard alone', async () => {
    @Injectable()
    class Guard implements CanActivate {
      canActivate() {
        return true;
      }

      @OnEvent('orders:*')
      invalidate() {
        return undefined;
      }
    }
    @Controller()
    @UseGuards(Guard)
    class Orders {
      @OnGap()
      reconcile() {
        return undefined;
      }
    }
    await expect(start({ imports: [bus()], controllers: [Orders] })).rejects.toThrow(
      /Guard\.invalidate: Nest creates its class only for @UseGuards.*List the class among the providers/,
    );
    const app = await start({ imports: [bus()], controllers: [Orders], providers: [Guard] });
    expect(app.get(EventBusInspector).snapshot().handlers).toHaveLength(1);
    await app.close();
  });
});

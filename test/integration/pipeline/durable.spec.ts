import type { CanActivate } from '@nestjs/common';
import { Controller, Inject, Injectable, Scope, UseGuards } from '@nestjs/common';
import type { ContextId, ContextIdStrategy, HostComponentInfo } from '@nestjs/core';
import { APP_GUARD, ContextIdFactory, REQUEST } from '@nestjs/core';
import { EventContext, OnEvent } from 'nestjs-redis-event-bus';
import { pipelineApps } from './support/pipeline.app.js';
import { untyped } from '../../support/untyped.js';

interface Tenanted {
  readonly tenant: string;
}

const seen: [instance: object, request: unknown][] = [];
const start = pipelineApps();
beforeEach(() => void (seen.length = 0));

/** One tree for each tenant, as in Nest's documentation. */
class TenantStrategy implements ContextIdStrategy<EventContext<Tenanted>> {
  private readonly trees = new Map<string, ContextId>();

  attach(contextId: ContextId, { payload: { tenant } }: EventContext<Tenanted>) {
    const tree = this.trees.get(tenant) ?? ContextIdFactory.create();
    this.trees.set(tenant, tree);
    return {
      resolve: (info: HostComponentInfo) => (info.isTreeDurable ? tree : contextId),
      payload: { tenant },
    };
  }
}

beforeEach(() => ContextIdFactory.apply(new TenantStrategy()));
afterEach(() => ContextIdFactory.apply(untyped(undefined)));

@Injectable({ scope: Scope.REQUEST, durable: true })
class Durable {
  constructor(@Inject(REQUEST) private readonly request: unknown) {}

  @OnEvent('orders:*')
  handle() {
    seen.push([this, this.request]);
  }
}

@Controller({ scope: Scope.REQUEST, durable: true })
class DurableController extends Durable {}

describe('a durable handler', () => {
  it.each([
    ['a provider', { providers: [Durable] }],
    ['a controller', { controllers: [DurableController] }],
  ])(
    'that is %s has one instance per tenant, with what the strategy gave as REQUEST',
    async (_what, metadata) => {
      const bus = await start(metadata);
      for (const tenant of ['acme', 'other', 'acme']) await bus.publish('orders:created', { tenant });
      const [first, second, third] = seen;
      expect(seen.map(([, request]) => request)).toEqual([
        { tenant: 'acme' },
        { tenant: 'other' },
        { tenant: 'acme' },
      ]);
      expect(third?.[0]).toBe(first?.[0]);
      expect(second?.[0]).not.toBe(first?.[0]);
      expect(bus.log.troubles).toEqual([]);
    },
  );

  it('has one instance per tenant also when events of many channels come at once', async () => {
    const bus = await start({ providers: [Durable] });
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => bus.publish(`orders:${n}`, { tenant: n % 2 ? 'acme' : 'other' })),
    );
    expect(seen).toHaveLength(20);
    expect(new Set(seen.map(([instance]) => instance)).size).toBe(2);
  });
});

describe('with a durable strategy', () => {
  it('what the strategy gave is put on the event only where the event is what is injected', async () => {
    @Injectable({ scope: Scope.REQUEST, durable: true })
    class Always implements CanActivate {
      canActivate() {
        return true;
      }
    }
    class Looking {
      @OnEvent('orders:*')
      handle(_order: unknown, event: EventContext) {
        seen.push([this, 'tenant' in event]);
      }
    }
    @Injectable({ scope: Scope.REQUEST, durable: true })
    class DurableLooking extends Looking {}
    @Injectable({ scope: Scope.REQUEST })
    class ScopedLooking extends Looking {}
    @Injectable()
    class StaticLooking extends Looking {}

    const bus = await start({
      providers: [DurableLooking, ScopedLooking, StaticLooking, { provide: APP_GUARD, useClass: Always }],
    });
    await bus.publish('orders:created', { tenant: 'acme' });
    const tagged = seen.map(([instance, isTagged]) => `${instance.constructor.name} ${String(isTagged)}`);
    expect(tagged.sort()).toEqual(['DurableLooking false', 'ScopedLooking true', 'StaticLooking false']);
  });

  it('a request-scoped handler still gets an instance per event, with the event as REQUEST', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {
      constructor(@Inject(REQUEST) private readonly request: unknown) {}

      @OnEvent('orders:*')
      handle() {
        seen.push([this, this.request]);
      }
    }
    const bus = await start({ providers: [Scoped] });
    for (const tenant of ['acme', 'acme']) await bus.publish('orders:created', { tenant });
    expect(new Set(seen.map(([instance]) => instance)).size).toBe(2);
    expect(seen[0]?.[1]).toBeInstanceOf(EventContext);
    expect(seen[0]?.[1]).toMatchObject({ channel: 'orders:created', tenant: 'acme' });
  });

  it('a durable guard is one per tenant, bound to a class or to everything', async () => {
    @Injectable({ scope: Scope.REQUEST, durable: true })
    class TenantGuard implements CanActivate {
      constructor(@Inject(REQUEST) private readonly request: unknown) {}
      canActivate() {
        seen.push([this, this.request]);
        return true;
      }
    }
    @Injectable()
    class Plain {
      @OnEvent('orders:*')
      handle() {
        return undefined;
      }
    }
    @UseGuards(TenantGuard)
    @Injectable()
    class Guarded extends Plain {}

    for (const providers of [[Guarded], [Plain, { provide: APP_GUARD, useClass: TenantGuard }]]) {
      seen.length = 0;
      const bus = await start({ providers });
      for (const tenant of ['acme', 'other', 'acme']) await bus.publish('orders:created', { tenant });
      expect(seen.map(([, request]) => request)).toEqual([
        { tenant: 'acme' },
        { tenant: 'other' },
        { tenant: 'acme' },
      ]);
      expect(seen[2]?.[0]).toBe(seen[0]?.[0]);
      expect(bus.log.troubles).toEqual([]);
    }
  });

  it('that was made for HTTP requests and breaks on an event, it is one line', async () => {
    ContextIdFactory.apply({
      attach: (_contextId, request: { headers: Record<string, string> }) => {
        throw new Error(`no tenant in ${request.headers['x-tenant']}`);
      },
    });
    const bus = await start({ providers: [Durable] });
    await bus.publish('orders:created', { tenant: 'acme' });
    expect(seen).toEqual([]);
    expect(bus.log.troubles).toEqual([
      expect.stringMatching(/^A request-scoped handler could not be created \(.*TypeError/),
    ]);
  });
});

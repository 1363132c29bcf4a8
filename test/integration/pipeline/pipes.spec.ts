import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import * as nest from '@nestjs/common';
import { BadRequestException, Controller, Injectable, ParseIntPipe, UsePipes } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { Ctx, Payload } from '@nestjs/microservices';
import { EventContext, OnEvent } from 'nestjs-redis-event-bus';
import { z } from 'zod';
import { Escapes } from '../../support/escapes.js';
import { itOnNest12 } from '../../support/nest.major.js';
import { pipelineApps } from './support/pipeline.app.js';

class OrderDto {
  id = 0;
}

/** What Nest's ValidationPipe does, as far as it concerns where it looks: it leaves 'custom' arguments alone. */
@Injectable()
class OrderValidation implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (type !== 'body' || metatype !== OrderDto) return value;
    const { id } = value as { id?: unknown };
    if (typeof id !== 'number') throw new BadRequestException('id must be a number');
    return Object.assign(new OrderDto(), { id });
  }
}

const seen: unknown[] = [];
const start = pipelineApps();
beforeEach(() => void (seen.length = 0));

@Injectable()
class Undecorated {
  @OnEvent('orders:*')
  handle(order: OrderDto, event: EventContext) {
    seen.push([order instanceof OrderDto, order.id, event instanceof EventContext]);
  }
}

describe('a pipe that is bound to', () => {
  @Injectable()
  class OnMethod {
    @UsePipes(OrderValidation)
    @OnEvent('orders:*')
    handle(order: OrderDto, event: EventContext) {
      seen.push([order instanceof OrderDto, order.id, event instanceof EventContext]);
    }
  }

  @UsePipes(OrderValidation)
  @Injectable()
  class OnClass extends Undecorated {}

  @UsePipes(OrderValidation)
  @Controller()
  class OnController extends Undecorated {}

  @Injectable()
  class OnArgument {
    @OnEvent('orders:*')
    handle(@Payload(OrderValidation) order: OrderDto, @Ctx() event: EventContext) {
      seen.push([order instanceof OrderDto, order.id, event instanceof EventContext]);
    }
  }

  it.each([
    ['the method', { providers: [OnMethod] }],
    ['the class', { providers: [OnClass] }],
    ['the class of a controller', { controllers: [OnController] }],
    ['one argument', { providers: [OnArgument] }],
    [
      'every handler, as APP_PIPE',
      { providers: [Undecorated, { provide: APP_PIPE, useClass: OrderValidation }] },
    ],
  ])('%s transforms and refuses the payload, and leaves the context alone', async (_where, metadata) => {
    const bus = await start(metadata);
    await bus.publish('orders:created', { id: 1 });
    await bus.publish('orders:created', { id: 'one' });
    expect(seen).toEqual([[true, 1, true]]);
    expect(bus.log.troubles).toEqual([
      expect.stringMatching(
        /^A pipe refused an event \(.*error="BadRequestException: id must be a number"\)$/,
      ),
    ]);
  });

  it('every handler by useGlobalPipes transforms and refuses the payload', async () => {
    const bus = await start(
      { providers: [Undecorated] },
      { configure: (app) => app.useGlobalPipes(new OrderValidation()) },
    );
    await bus.publish('orders:created', { id: 1 });
    await bus.publish('orders:created', { id: 'one' });
    expect(seen).toEqual([[true, 1, true]]);
  });
});

describe('pipes', () => {
  it('see an undecorated payload as body and the context as custom, each with its type', async () => {
    const look: PipeTransform = {
      transform: (value, { type, metatype, data }) => {
        seen.push([type, metatype, data]);
        return value;
      },
    };
    @UsePipes(look)
    @Injectable()
    class Looking extends Undecorated {}
    const bus = await start({ providers: [Looking] });
    await bus.publish('orders:created', { id: 1 });
    expect(seen.slice(0, 2)).toEqual([
      ['body', OrderDto, undefined],
      ['custom', EventContext, undefined],
    ]);
  });

  it("run in Nest's order: global, class, method, argument, each with what the one before made", async () => {
    const append = (letter: string): PipeTransform => ({
      transform: async (value: unknown, { type }) => (type === 'body' ? `${String(value)}${letter}` : value),
    });

    @UsePipes(append('c'))
    @Injectable()
    class Ordered {
      @UsePipes(append('m'), append('n'))
      @OnEvent('names')
      handle(@Payload(append('a')) name: string) {
        seen.push(name);
      }
    }
    const bus = await start(
      { providers: [Ordered] },
      { configure: (app) => app.useGlobalPipes(append('g')) },
    );
    await bus.publish('names', '-');
    expect(seen).toEqual(['-gcmna']);
  });

  it('get their dependencies injected', async () => {
    @Injectable()
    class Prices {
      readonly of = 9;
    }
    @Injectable()
    class Pricing implements PipeTransform {
      constructor(private readonly prices: Prices) {}
      transform(order: object) {
        return { ...order, price: this.prices.of };
      }
    }
    @Injectable()
    class Priced {
      @OnEvent('orders:*')
      handle(@Payload(Pricing) order: unknown) {
        seen.push(order);
      }
    }
    const bus = await start({ providers: [Priced, Prices] });
    await bus.publish('orders:created', { id: 1 });
    expect(seen).toEqual([{ id: 1, price: 9 }]);
  });

  it("of one handler do not change another handler's payload", async () => {
    @Injectable()
    class Two {
      @UsePipes({ transform: (value, { type }) => (type === 'body' ? 'replaced' : value) })
      @OnEvent('a')
      piped(payload: unknown, event: EventContext) {
        seen.push(payload, event.payload);
      }

      @OnEvent('a')
      plain(payload: unknown) {
        seen.push(payload);
      }
    }
    const bus = await start({ providers: [Two] });
    await bus.publish('a', 'original');
    expect(seen.map(String).sort()).toEqual(['original', 'original', 'replaced']);
  });

  it('that fail for two arguments at once are one failure', async () => {
    const refuse: PipeTransform = { transform: () => Promise.reject(new BadRequestException('no')) };
    @Injectable()
    class Both {
      @OnEvent('a')
      handle(@Payload('id', refuse) id: unknown, @Payload('total', refuse) total: unknown) {
        seen.push(id, total);
      }
    }
    const bus = await start({ providers: [Both] });
    await bus.publish('a');
    expect(seen).toEqual([]);
    expect(bus.log.troubles).toHaveLength(1);
  });
});

describe('pipes of which one fails at once and another one later', () => {
  it('are one failure, and nothing escapes', async () => {
    const escapes = new Escapes();
    escapes.listen();
    const later: PipeTransform = { transform: () => Promise.reject(new BadRequestException('later')) };
    const atOnce: PipeTransform = {
      transform() {
        throw new BadRequestException('at once');
      },
    };
    @Injectable()
    class Mixed {
      @OnEvent('a')
      // Parameter decorators run from the last to the first, and their pipes in that order.
      handle(@Payload('id', atOnce) id: unknown, @Payload('total', later) total: unknown) {
        seen.push(id, total);
      }
    }
    const bus = await start({ providers: [Mixed] });
    await bus.publish('a');
    const escaped = await escapes.take();
    escapes.release();
    expect(escaped).toEqual([]);
    expect(seen).toEqual([]);
    expect(bus.log.troubles).toEqual([expect.stringContaining('at once')]);
  });
});

describe("Nest's own pipes", () => {
  it('parse a property', async () => {
    @Injectable()
    class Parsing {
      @OnEvent('orders:*')
      handle(@Payload('id', ParseIntPipe) id: number) {
        seen.push(id);
      }
    }
    const bus = await start({ providers: [Parsing] });
    await bus.publish('orders:created', { id: '42' });
    await bus.publish('orders:created', { id: 'forty-two' });
    expect(seen).toEqual([42]);
    expect(bus.log.troubles).toEqual([expect.stringMatching(/^A pipe refused an event /)]);
  });

  itOnNest12('it has no StandardSchemaValidationPipe')(
    'validate against the schema of an argument',
    async () => {
      const schema = z.object({ total: z.coerce.number() });

      @UsePipes(nest.StandardSchemaValidationPipe)
      @Injectable()
      class Validating {
        @OnEvent('orders:*')
        handle(@Payload({ schema }) order: z.output<typeof schema>) {
          seen.push(order);
        }
      }
      const bus = await start({ providers: [Validating] });
      await bus.publish('orders:created', { total: '9', more: true });
      await bus.publish('orders:created', { total: 'much' });
      expect(seen).toEqual([{ total: 9 }]);
      expect(bus.log.troubles).toEqual([expect.stringContaining('A pipe refused an event')]);
    },
  );
});

import { Injectable, UsePipes } from '@nestjs/common';
import { EventBusInspector, OnEvent } from 'nestjs-redis-event-bus';
import { throwError } from 'rxjs';
import { pipelineApps } from './support/pipeline.app.js';
import { untyped } from '../../support/untyped.js';

const seen: unknown[] = [];
const start = pipelineApps();
beforeEach(() => void (seen.length = 0));

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
beforeAll(() => void process.on('unhandledRejection', note).on('uncaughtException', note));
afterAll(() => void process.off('unhandledRejection', note).off('uncaughtException', note));
afterEach(() => expect(unhandled).toEqual([]));

/** One after the other: a handler with nothing bound to it, and one inside the whole pipeline. */
async function* failing(fail: () => unknown) {
  @Injectable()
  class Plain {
    @OnEvent('orders:*')
    handle(): unknown {
      return fail();
    }
  }
  @UsePipes({ transform: (value) => value })
  @Injectable()
  class Piped extends Plain {}
  yield await start({ providers: [Plain] });
  yield await start({ providers: [Piped] });
}

const throwing = (thrown: unknown) => (): never => {
  throw thrown;
};

describe('one failure is one line', () => {
  it.each([
    ['throws', throwing(new Error('down')), 'Error: down'],
    ['rejects', () => Promise.reject(new Error('down')), 'Error: down'],
    ['returns an Observable that errors', () => throwError(() => new Error('down')), 'Error: down'],
    ['throws a string', throwing('down'), 'thrown: down'],
    ['throws undefined', throwing(undefined), 'thrown: undefined'],
    ['throws null', throwing(null), 'thrown: null'],
    ['throws a symbol', throwing(Symbol('down')), 'thrown: Symbol(down)'],
    ['rejects with undefined', () => Promise.reject<void>(untyped(undefined)), 'thrown: undefined'],
    ['throws an error without a message', throwing(new RangeError()), 'RangeError: RangeError'],
  ])('when the handler %s', async (_how, fail, text) => {
    for await (const bus of failing(fail)) {
      await bus.publish('orders:created');
      expect(bus.log.lines).toHaveLength(1);
      expect(bus.log.lines[0]).toMatchObject({
        level: 'error',
        message: expect.stringMatching(/^A handler failed \(handler=\w+\.handle channel="orders:created" /),
      });
      expect(bus.log.troubles[0]).toContain(`error="${text}"`);
      expect(bus.events.failed).toHaveLength(1);
    }
  });

  it('that stays one line when the message has newlines and escape characters', async () => {
    for await (const bus of failing(throwing(new Error('a\nb\r\n\u001b[31mred\u0000 "quoted" \u2028c')))) {
      await bus.publish('orders:created');
      expect(bus.log.lines).toHaveLength(1);
      // oxlint-disable-next-line no-control-regex -- that none is left is the point
      expect(bus.log.troubles[0]).not.toMatch(/[\u0000-\u001f\u2028\u2029]/);
      expect(bus.log.troubles[0]).toContain('error="Error: a b \\\\u001b[31mred\\\\u0000 \\"quoted\\" c"');
    }
  });

  it('with the frames of the stack beside it, which lead to the handler', async () => {
    for await (const bus of failing(throwing(new Error('down')))) {
      await bus.publish('orders:created');
      const [stack, context] = bus.log.lines[0]?.rest ?? [];
      expect(stack).toMatch(/^\s+at .*failures\.spec\.ts/);
      expect(stack).not.toContain('down');
      expect(context).toBe('EventBus');
    }
  });

  it('for each handler, and says which; those that follow within a minute are counted', async () => {
    @Injectable()
    class Two {
      @OnEvent('orders:*')
      one() {
        throw new Error('first');
      }

      @OnEvent('orders:*')
      async other() {
        throw new Error('second');
      }
    }
    const bus = await start({ providers: [Two] });
    await bus.publish('orders:a');
    await bus.publish('orders:b');
    const lines = bus.log.troubles.map((line) => /handler=.*(?=\))/.exec(line)?.[0] ?? line);
    expect(lines.sort()).toEqual([
      'handler=Two.one channel="orders:a" error="Error: first"',
      'handler=Two.other channel="orders:a" error="Error: second"',
    ]);
    expect(bus.app.get(EventBusInspector).snapshot().counters.failed).toBe(4);
  });
});

describe('a failure', () => {
  it('never brings the payload into the log', async () => {
    for await (const bus of failing(throwing(new Error('down')))) {
      await bus.publish('orders:created', { card: '4111-1111' });
      expect(JSON.stringify(bus.log.lines)).not.toContain('4111');
    }
  });

  it('does not keep other handlers from the event, nor the handler from the next event', async () => {
    @Injectable()
    class Two {
      @OnEvent('orders:*')
      failing(order: { id: number }) {
        if (order.id === 1) throw new Error('down');
        seen.push(`recovered ${order.id}`);
      }

      @OnEvent('orders:*')
      working(order: { id: number }) {
        seen.push(`worked ${order.id}`);
      }
    }
    const bus = await start({ providers: [Two] });
    await bus.publish('orders:created', { id: 1 });
    await bus.publish('orders:created', { id: 2 });
    expect(seen).toEqual(['worked 1', 'recovered 2', 'worked 2']);
    expect(bus.events.failed.map(({ handler }) => handler)).toEqual(['Two.failing']);
  });

  it('is nothing that the publisher hears of', async () => {
    for await (const bus of failing(throwing(new Error('down')))) {
      await expect(bus.publish('orders:created')).resolves.toBeUndefined();
    }
  });
});

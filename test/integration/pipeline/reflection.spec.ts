import type { CanActivate, Type } from '@nestjs/common';
import { Injectable, UseGuards } from '@nestjs/common';
import { jest } from '@jest/globals';
import { OnEvent } from 'nestjs-redis-event-bus';
import { pipelineApps } from './support/pipeline.app.js';

const start = pipelineApps();
const seen: string[] = [];
beforeEach(() => void seen.splice(0));
afterEach(() => void jest.restoreAllMocks());

function guard(name: string): CanActivate {
  return { canActivate: () => seen.push(name) > 0 };
}

/** A class with so many handlers, each of a channel of its own. */
function classOf(methods: number): Type {
  class Handlers {}
  const prototype = Handlers.prototype as Record<string, () => void>;
  for (let index = 0; index < methods; index += 1) {
    const name = `handle${index}`;
    prototype[name] = () => void seen.push(name);
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
    (OnEvent(`orders:${index}`) as MethodDecorator)(prototype, name, descriptor!);
  }
  Injectable()(Handlers);
  return Handlers;
}

/** How often metadata is asked for while an application with this class starts. */
async function questions(handlers: Type, ...globalGuards: CanActivate[]): Promise<number> {
  const spies: (() => number)[] = [];
  await start(
    { providers: [handlers] },
    {
      configure: (app) => {
        app.useGlobalGuards(...globalGuards);
        for (const name of ['getMetadata', 'getMetadataKeys', 'getOwnMetadata', 'hasMetadata'] as const) {
          const spy = jest.spyOn(Reflect, name);
          spies.push(() => spy.mock.calls.length);
        }
      },
    },
  );
  const asked = spies.reduce((sum, calls) => sum + calls(), 0);
  jest.restoreAllMocks();
  return asked;
}

describe('the start', () => {
  it('asks for the keys of a method, its targets and its parameters, once each', async () => {
    const few = await questions(classOf(10));
    const many = await questions(classOf(110));
    expect((many - few) / 100).toBe(3);
  });

  it('asks for no more where something is bound globally and to the class', async () => {
    const guarded = (methods: number) => {
      const handlers = classOf(methods);
      UseGuards(guard('class'))(handlers);
      return handlers;
    };
    const few = await questions(guarded(10), guard('global'));
    const many = await questions(guarded(110), guard('global'));
    expect((many - few) / 100).toBe(3);
  });

  it('finds what is bound globally and to the class for each of its methods, and what one of them has in addition', async () => {
    @Injectable()
    @UseGuards(guard('class'))
    class Handlers {
      @OnEvent('orders:created')
      created() {
        seen.push('created');
      }

      @OnEvent('orders:paid')
      @UseGuards(guard('method'))
      paid() {
        seen.push('paid');
      }

      @OnEvent('orders:shipped')
      shipped() {
        seen.push('shipped');
      }
    }
    const bus = await start(
      { providers: [Handlers] },
      { configure: (app) => app.useGlobalGuards(guard('global')) },
    );
    for (const name of ['created', 'paid', 'shipped']) {
      seen.splice(0);
      await bus.publish(`orders:${name}`);
      const bound = name === 'paid' ? ['global', 'class', 'method'] : ['global', 'class'];
      expect(seen).toEqual([...bound, name]);
    }
  });
});

import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Controller, Get, Injectable, SetMetadata, UseGuards } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { EventContext, OnEvent, isEventContext } from 'nestjs-redis-event-bus';
import request from 'supertest';
import { pipelineApps } from './support/pipeline.app.js';

const seen: unknown[] = [];
const start = pipelineApps();
beforeEach(() => void (seen.length = 0));

const Roles = Reflector.createDecorator<string[]>();

describe('the execution context of an event', () => {
  let context: ExecutionContext;
  const keep: CanActivate = {
    canActivate: (given) => {
      context = given;
      return true;
    },
  };

  abstract class Base {
    @SetMetadata('topic', 'inherited')
    @OnEvent('orders:inherited')
    inherited() {
      seen.push('inherited');
    }
  }

  @Roles(['class'])
  @UseGuards(keep)
  @Injectable()
  class Handlers extends Base {
    @Roles(['method'])
    @OnEvent('orders:created')
    handle() {
      seen.push('handled');
    }
  }

  const decorated: unknown = Object.getOwnPropertyDescriptor(Handlers.prototype, 'handle')?.value;

  it('is one of type rpc, with the payload as data and the EventContext as context', async () => {
    const bus = await start({ providers: [Handlers] });
    await bus.publish('orders:created', { id: 1 });
    expect(context.getType()).toBe('rpc');
    expect(context.switchToRpc().getData()).toEqual({ id: 1 });
    expect(context.switchToRpc().getContext()).toBeInstanceOf(EventContext);
    expect(context.getArgs()).toEqual([{ id: 1 }, expect.any(EventContext)]);
    expect(context.getArgByIndex(1)).toBe(context.switchToRpc().getContext());
  });

  it('names the class and the method, so that Reflector finds their metadata', async () => {
    const bus = await start({ providers: [Handlers] });
    await bus.publish('orders:created');
    expect(context.getClass()).toBe(Handlers);
    expect(context.getHandler()).toBe(decorated);
    const reflector = bus.app.get(Reflector);
    const places = [context.getHandler(), context.getClass()] as const;
    expect(reflector.getAllAndOverride(Roles, [...places])).toEqual(['method']);
    expect(reflector.getAllAndMerge(Roles, [...places])).toEqual(['method', 'class']);
  });

  it('names the class of the instance and the method of the base class when it is inherited', async () => {
    const bus = await start({ providers: [Handlers] });
    await bus.publish('orders:inherited');
    expect(context.getClass()).toBe(Handlers);
    expect(bus.app.get(Reflector).get('topic', context.getHandler())).toBe('inherited');
  });

  it('names the decorated method also when the instance has its own version of it', async () => {
    const bus = await start({ providers: [Handlers] });
    const handlers = bus.app.get(Handlers);
    handlers.handle = () => void seen.push('own');
    await bus.publish('orders:created');
    expect(seen).toEqual(['own']);
    expect(context.getHandler()).toBe(decorated);
  });
});

describe('isEventContext', () => {
  it('is true for events and false for HTTP requests of the same controller', async () => {
    const look: CanActivate = {
      canActivate: (context) => {
        seen.push([context.getType(), isEventContext(context)]);
        return true;
      },
    };

    @UseGuards(look)
    @Controller()
    class Both {
      @Get()
      get() {
        return 'ok';
      }

      @OnEvent('orders:*')
      handle() {
        return undefined;
      }
    }
    const bus = await start({ controllers: [Both] });
    await request(bus.app.getHttpServer()).get('/').expect(200);
    await bus.publish('orders:created');
    expect(seen).toEqual([
      ['http', false],
      ['rpc', true],
    ]);
  });

  it('is false for the messages of other transports', () => {
    const foreign = new ExecutionContextHost([{ id: 1 }, { getChannel: () => 'orders:created' }]);
    foreign.setType('rpc');
    expect(isEventContext(foreign)).toBe(false);
  });

  it('is false for anything that is not RPC, whatever its arguments are', () => {
    const host = new ExecutionContextHost([{}, Object.create(EventContext.prototype)]);
    expect(isEventContext(host)).toBe(false);
    host.setType('ws');
    expect(isEventContext(host)).toBe(false);
    host.setType('rpc');
    expect(isEventContext(host)).toBe(true);
  });
});

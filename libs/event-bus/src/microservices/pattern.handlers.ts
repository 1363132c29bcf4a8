import { RpcException } from '@nestjs/microservices';
import type { EventHandler } from '../dispatching/event.handler.js';
import type { HandlerOptions, HandlerSettings } from '../dispatching/handler.options.js';
import { resolveHandlerSettings } from '../dispatching/handler.options.js';
import type { UnfinishedWork } from '../dispatching/event.dispatcher.js';
import { isError, propertyOf } from '../foreign.js';
import { settle } from '../handlers/settle.js';
import type { EventContext } from '../message/event-context.js';
import type { ChannelPrefix } from '../routing/channel-prefix.js';
import { orderTargets, paramsIn } from '../routing/handler-target.js';
import { MicroserviceContext } from './microservice.context.js';
import { REPLY_SUFFIX } from './nest-packet.codec.js';
import { NO_MESSAGE_HANDLER } from './nest.internals.js';
import { packetOf } from './packet.js';
import type { EventMethod, PatternRoute, PatternTable } from './pattern.table.js';
import type { ProcessingHooks } from './processing.hooks.js';
import { withHooks } from './processing.hooks.js';
import type { RequestResponder } from './request.responder.js';
import { INTERNAL_ERROR } from './request.responder.js';

/** Requests are handled concurrently, and may have replies for as long as the client is subscribed. */
const UNORDERED = resolveHandlerSettings({ orderBy: 'none', stuckAfterMs: false });

/** Creates the bus handlers of decorated methods: one for each `@EventPattern` method, one for all `@MessagePattern`s. */
export class PatternHandlers {
  /** For `@EventPattern` methods. The options for calls that hang come from `handlerDefaults`. */
  private readonly settings: HandlerSettings;
  /** Running calls of `@MessagePattern` methods, by the name of their pattern. */
  private readonly running = new Map<string, number>();

  constructor(
    private readonly table: PatternTable,
    private readonly prefix: ChannelPrefix,
    private readonly responder: Pick<RequestResponder, 'send' | 'answer' | 'abandon'>,
    private readonly hooks: ProcessingHooks,
    { timeoutMs, stuckAfterMs }: HandlerOptions,
  ) {
    this.settings = resolveHandlerSettings({}, { timeoutMs, stuckAfterMs } as HandlerOptions);
  }

  /** The handlers for the patterns that are known by now. */
  create(): EventHandler[] {
    const handlers = this.table.eventMethods.map((method): EventHandler => {
      const targets = orderTargets(method.routes.map(({ target }) => target));
      return {
        name: method.name,
        targets,
        settings: this.settings,
        invoke: (event) => this.takeEvent(method, event),
      };
    });
    const messages = this.table.messageRoutes;
    if (messages.length === 0) return handlers;
    // One handler for all of them, so that each request has one answer, even if several patterns match.
    const requests: EventHandler = {
      name: '@MessagePattern',
      targets: orderTargets(messages.map(({ target }) => target)),
      settings: UNORDERED,
      replySuffix: REPLY_SUFFIX,
      invoke: (event) => this.takeMessage(event),
    };
    return [...handlers, requests];
  }

  /** Splits the one handler of all requests by pattern. */
  byPattern(unfinished: readonly UnfinishedWork[]): readonly UnfinishedWork[] {
    const ofEvents = new Set(this.table.eventMethods.map(({ name }) => name));
    return [
      ...unfinished.filter(({ handler }) => ofEvents.has(handler)),
      ...[...this.running].map(([handler, running]) => ({ handler, running, waiting: 0 })),
    ];
  }

  /** Ends the requests that are being answered with an error. */
  abandon(): void {
    this.responder.abandon();
  }

  private takeEvent(method: EventMethod, event: EventContext): Promise<void> | undefined {
    const channel = this.rawChannelOf(event);
    const packet = packetOf(event.metadata);
    if (packet?.type === 'request') {
      if (this.table.refuserFor(channel) !== method) return undefined;
      const context = new MicroserviceContext(event, event.pattern, event.params);
      return this.responder.send(context, packet.id, { status: 'error', err: NO_MESSAGE_HANDLER });
    }
    const route = method.routeFor(event.pattern, channel);
    return route === undefined ? undefined : this.callForEvent(route, event);
  }

  /** As with Nest, an event without an event handler goes to the method that answers requests. */
  private takeMessage(event: EventContext): Promise<void> | undefined {
    const channel = this.rawChannelOf(event);
    const route = this.table.messageRouteFor(channel);
    if (route === undefined) return undefined;
    const packet = packetOf(event.metadata);
    if (packet?.type === 'request') return this.track(route, this.answer(route, event, packet.id));
    return this.table.hasEventFor(channel) ? undefined : this.track(route, this.callForEvent(route, event));
  }

  private async callForEvent(route: PatternRoute, event: EventContext): Promise<void> {
    const context = contextFor(route, event);
    await withHooks(this.hooks, context, async () => {
      try {
        await settle(route.callback(event.payload, context));
      } catch (error) {
        if (!isLoggedByNest(error)) throw isError(error) ? error : asException(error);
      }
    });
  }

  private async answer(route: PatternRoute, event: EventContext, id: string | number): Promise<void> {
    const context = contextFor(route, event);
    let isStarted = false;
    try {
      await withHooks(this.hooks, context, () => {
        isStarted = true;
        return this.responder.answer(context, id, () => route.callback(event.payload, context));
      });
    } catch (error) {
      if (!isStarted) await this.responder.send(context, id, { err: INTERNAL_ERROR, isDisposed: true });
      throw error;
    }
  }

  private async track({ name }: PatternRoute, call: Promise<void>): Promise<void> {
    this.running.set(name, (this.running.get(name) ?? 0) + 1);
    try {
      await call;
    } finally {
      const left = (this.running.get(name) as number) - 1;
      if (left > 0) this.running.set(name, left);
      else this.running.delete(name);
    }
  }

  private rawChannelOf({ channel }: EventContext): string {
    return this.prefix.addToChannel(channel);
  }
}

function contextFor({ target }: PatternRoute, event: EventContext): MicroserviceContext {
  const pattern = target.subscription.kind === 'pattern' ? target.text : undefined;
  return new MicroserviceContext(event, pattern, paramsIn(target, event.channel));
}

/** Its filter has logged the error, or chose not to, before it returned this reply. */
function isLoggedByNest(error: unknown): boolean {
  return (
    propertyOf(error, 'status') === INTERNAL_ERROR.status &&
    propertyOf(error, 'message') === INTERNAL_ERROR.message
  );
}

/** A thrown value that is no error is a reply; the exception gives it a message for the log. */
function asException(thrown: unknown): unknown {
  try {
    return new RpcException(thrown as object);
  } catch {
    return thrown;
  }
}

import type { MessageHandler } from '@nestjs/microservices';
import type { ChannelPrefix } from '../routing/channel-prefix.js';
import type { HandlerTarget } from '../routing/handler-target.js';
import { parseTarget, targetProblem } from '../routing/handler-target.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import { targetKey } from '../routing/subscription-target.js';
import { routeOf } from './nest-packet.codec.js';

/** One pattern of a decorated method, with the method as Nest calls it for this pattern. */
export interface PatternRoute {
  /** `@MessagePattern('sum')`. */
  readonly name: string;
  /** `'sum'`, or the JSON of an object. */
  readonly shown: string;
  readonly target: HandlerTarget;
  readonly callback: MessageHandler;
}

/** One `@EventPattern` method with all its patterns: it is called once per event, even if several of them match. */
export class EventMethod {
  readonly routes: PatternRoute[] = [];

  /** @param identity what Nest passes with all patterns of one method, and with no others */
  constructor(readonly identity: unknown) {}

  /** `@EventPattern('orders', 'orders.*')`. */
  get name(): string {
    return `@EventPattern(${this.routes.map(({ shown }) => shown).join(', ')})`;
  }

  /** The route for an event that was received through this pattern (undefined: through its channel, which has the prefix). */
  routeFor(pattern: string | undefined, channel: string): PatternRoute | undefined {
    return this.routes.find(({ target }) =>
      pattern === undefined
        ? !isWide(target) && target.matches(channel)
        : isWide(target) && target.text === pattern,
    );
  }
}

/** The patterns of all decorated methods. Channels passed to it have the application's prefix. */
export class PatternTable {
  /** The problems with patterns, each with what to write instead. */
  readonly problems: string[] = [];
  readonly eventMethods: EventMethod[] = [];
  /** By channel. If two have the same pattern, the later one. */
  private readonly exactMessages = new Map<string, PatternRoute>();
  /** By glob or template, in declaration order. */
  private readonly wideMessages = new Map<string, PatternRoute>();
  /** The first method with a channel as its pattern. */
  private readonly exactEvents = new Map<string, EventMethod>();
  private readonly wideEvents: HandlerTarget[] = [];

  constructor(private readonly prefix: ChannelPrefix) {}

  get messageRoutes(): readonly PatternRoute[] {
    return [...this.exactMessages.values(), ...this.wideMessages.values()];
  }

  addEvent(pattern: unknown, callback: MessageHandler, identity: unknown): void {
    const route = this.read('EventPattern', pattern, callback);
    if (route === undefined) return;
    const { target } = route;
    const method = this.methodFor(identity, target);
    method.routes.push(route);
    if (isWide(target)) this.wideEvents.push(target);
    else if (!this.exactEvents.has(target.subscription.name))
      this.exactEvents.set(target.subscription.name, method);
  }

  addMessage(pattern: unknown, callback: MessageHandler): void {
    const route = this.read('MessagePattern', pattern, callback);
    if (route === undefined) return;
    const { target } = route;
    if (isWide(target)) this.wideMessages.set(target.text, route);
    else this.exactMessages.set(target.subscription.name, route);
  }

  /** The patterns of a subscription. */
  namesOf(subscription: SubscriptionTarget): readonly string[] {
    const events = this.eventMethods.flatMap(({ routes }) => routes);
    return [...events, ...this.messageRoutes]
      .filter(({ target }) => targetKey(target.subscription) === targetKey(subscription))
      .map(({ name }) => name);
  }

  /** The route that answers requests on this channel: an exact pattern before globs, otherwise the first declared. */
  messageRouteFor(channel: string): PatternRoute | undefined {
    const exact = this.exactMessages.get(channel);
    if (exact !== undefined || this.wideMessages.size === 0) return exact;
    return [...this.wideMessages.values()].find(({ target }) => target.matches(channel));
  }

  /** Whether any `@EventPattern` matches this channel. */
  hasEventFor(channel: string): boolean {
    return this.exactEvents.has(channel) || this.wideEvents.some((target) => target.matches(channel));
  }

  /**
   * The method that replies, for all of them, that a request on this channel has no handler: the first with the channel itself
   * as a pattern. Methods with a glob do not reply: other services may answer the request.
   */
  refuserFor(channel: string): EventMethod | undefined {
    return this.messageRouteFor(channel) === undefined ? this.exactEvents.get(channel) : undefined;
  }

  /** The methods of a second instance of a class have the same identity, and their patterns are added again. */
  private methodFor(identity: unknown, { text }: HandlerTarget): EventMethod {
    const known = this.eventMethods.findLast(
      (method) => method.identity === identity && method.routes.every(({ target }) => target.text !== text),
    );
    if (known !== undefined) return known;
    const method = new EventMethod(identity);
    this.eventMethods.push(method);
    return method;
  }

  private read(decorator: string, pattern: unknown, callback: MessageHandler): PatternRoute | undefined {
    const text = routeOf(pattern);
    const shown = shownAs(pattern, text);
    const name = `@${decorator}(${shown})`;
    // An object is a channel, whatever its values contain.
    const kind = typeof pattern === 'object' ? 'channel' : undefined;
    const problem =
      pattern instanceof RegExp
        ? 'a RegExp works only with Kafka. Write a channel or a Redis glob.'
        : targetProblem(text, kind);
    if (problem !== undefined) {
      this.problems.push(`${name}: ${problem}`);
      return undefined;
    }
    return { name, shown, target: parseTarget(text, this.prefix, kind), callback };
  }
}

function isWide({ subscription }: HandlerTarget): boolean {
  return subscription.kind === 'pattern';
}

/** As written, but on one line. */
function shownAs(pattern: unknown, text: string): string {
  const line = text.replaceAll(/\p{Cc}/gu, '?');
  return typeof pattern === 'object' ? line : `'${line}'`;
}

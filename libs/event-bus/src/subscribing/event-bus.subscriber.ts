import { Observable } from 'rxjs';
import type { EventHandler } from '../dispatching/event.handler.js';
import { HANDLER_OPTIONS, TARGET_KIND, deadLetterProblem } from '../dispatching/handler.option-problems.js';
import type { HandlerOptions } from '../dispatching/handler.options.js';
import { resolveHandlerSettings } from '../dispatching/handler.options.js';
import { BusClosedError, EventBusError, InvalidTargetError } from '../errors.js';
import type { BusReporter } from '../observing/bus.reporter.js';
import { pendingPromiseIn } from '../handlers/settle.js';
import type { EventBusSettings } from '../module/event-bus.options.js';
import type { EventBusStatus } from '../introspection/event-bus.status.js';
import type { EventContext } from '../message/event-context.js';
import { optionProblems, throwFirst, unknownOptions } from '../option.checks.js';
import type { TargetInput } from '../contracts/contract.target.js';
import { readTarget, targetInputProblem, textOfTarget } from '../contracts/contract.target.js';
import type { EventContract, EventPayload } from '../contracts/event.contract.js';
import { orderTargets } from '../routing/handler-target.js';
import type { SubscriptionKind } from '../routing/subscription-target.js';
import type { StreamOptions } from './event.stream.js';
import { EventStream } from './event.stream.js';
import type { HandlerRegistry } from './handler.registry.js';

/** A channel, a Redis glob or a template, or alternatives of them and of contracts. */
export type Targets = string | readonly TargetInput[];

/** Gets one event at a time per channel; a failure is logged and counted like that of a handler. */
export type EventListener<T = unknown> = (payload: T, event: EventContext<T>) => unknown;

/** Options of an `observe`. */
export interface ObserveOptions {
  /** Overrides the detection of globs, as in {@link OnEventOptions}. */
  readonly kind?: SubscriptionKind | undefined;
}

/** All options of `@OnEvent` except `group`: listeners have no name that several processes could share. */
export interface SubscribeOptions extends ObserveOptions, Omit<HandlerOptions, 'group'> {}

/** One listener that was added at run time. */
export interface Subscription {
  /** The listener gets no more events after the call; resolves when Redis stopped sending. Idempotent. */
  unsubscribe(): Promise<void>;
}

/** Subscribes at run time, in addition to the `@OnEvent` handlers. */
export class EventBusSubscriber {
  constructor(
    private readonly settings: EventBusSettings,
    private readonly registry: HandlerRegistry,
    private readonly status: EventBusStatus,
    private readonly reporter: BusReporter,
  ) {}

  /**
   * Resolves when Redis confirms the subscription: later events reach the listener. While there is no link, it waits for one.
   *
   * @throws InvalidTargetError, SubscriptionRefusedError, BusClosedError: nothing stays subscribed.
   */
  subscribe<C extends EventContract>(
    contract: C,
    listener: EventListener<EventPayload<C>>,
  ): Promise<Subscription>;
  subscribe<T = unknown>(
    target: Targets,
    listener: EventListener<T>,
    options?: SubscribeOptions,
  ): Promise<Subscription>;
  subscribe(
    target: Targets | EventContract,
    listener: EventListener<never>,
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    return this.start(target, listener as EventListener, options);
  }

  /**
   * A cold Observable that emits the {@link EventContext} of each event, with the payload in `event.payload`. The first
   * subscriber subscribes at Redis, the last one unsubscribes. Fails like {@link subscribe}; completes when the bus has drained
   * at shutdown, before Nest closes HTTP.
   */
  observe<C extends EventContract>(contract: C): Observable<EventContext<EventPayload<C>>>;
  observe<T = unknown>(target: Targets, options?: ObserveOptions): Observable<EventContext<T>>;
  observe(target: Targets | EventContract, options: ObserveOptions = {}): Observable<EventContext<never>> {
    return new Observable<EventContext<never>>((observer) => {
      const next: EventListener = (_payload, event) => observer.next(event as EventContext<never>);
      const subscribed = this.start(target, next, options);
      subscribed
        .catch((error: unknown) => observer.error(error))
        .catch((error: unknown) => this.reporter.listenerFailed('observe()', error));
      const closing = this.status.changes.subscribe({ complete: () => observer.complete() });
      return () => {
        closing.unsubscribe();
        subscribed.then((subscription) => subscription.unsubscribe()).catch(() => undefined);
      };
    });
  }

  /**
   * The {@link EventContext} of each event, for `for await`. Subscribes when iteration starts; leaving the loop, or the signal,
   * unsubscribes. The loop ends when the bus has drained, after the buffered events. While the loop is busy, events are
   * buffered up to a limit; further events are dropped and counted.
   */
  stream<C extends EventContract>(contract: C, options?: StreamOptions): EventStream<EventPayload<C>>;
  stream<T = unknown>(target: Targets, options?: StreamOptions & ObserveOptions): EventStream<T>;
  stream(target: Targets | EventContract, options: StreamOptions & ObserveOptions = {}): EventStream<never> {
    const { kind } = options;
    const source = this.observe(target as Targets, kind === undefined ? {} : { kind });
    return new EventStream<never>(source as Observable<EventContext<never>>, options, () =>
      this.reporter.streamDropped(inputsOf(target).map(textOfTarget).join()),
    );
  }

  private async start(
    target: Targets | EventContract,
    listener: EventListener,
    options: SubscribeOptions,
  ): Promise<Subscription> {
    let isOver = false;
    // Events that were accepted before the end, but are pending behind a slow event of their channel, are not delivered either.
    const unlessOver: EventListener = (payload, event) => (isOver ? undefined : listener(payload, event));
    const handler = this.toHandler(target, unlessOver, options);
    if (this.status.current === 'closed') throw new BusClosedError();
    const outcomes = await this.registry.add([handler]);
    const refused = outcomes.find((outcome) => outcome.error !== undefined);
    if (refused?.error !== undefined) {
      await this.registry.remove(handler);
      // Only the shutdown unsubscribes while a caller waits.
      throw refused.error instanceof EventBusError ? refused.error : new BusClosedError();
    }
    return {
      unsubscribe: () => {
        isOver = true;
        return this.registry.remove(handler);
      },
    };
  }

  private toHandler(
    target: Targets | EventContract,
    listener: EventListener,
    options: SubscribeOptions,
  ): EventHandler {
    throwFirst([
      ...optionProblems(LISTENER_OPTIONS, options),
      ...unknownOptions(Object.keys(LISTENER_OPTIONS), options),
    ]);
    const { handlerDefaults, prefix } = this.settings;
    const { kind } = options;
    const inputs = inputsOf(target);
    if (inputs.length === 0) {
      throw new InvalidTargetError('', 'name a channel, a Redis glob or a contract, or an array of them.');
    }
    const targets = inputs.map((input) => {
      const problem = targetInputProblem(input, kind);
      if (problem !== undefined) throw new InvalidTargetError(String(textOfTarget(input)), problem);
      return readTarget(input, prefix, kind);
    });
    const settings = resolveHandlerSettings(ofListeners(options), ofListeners(handlerDefaults));
    throwFirst([deadLetterProblem(settings.deadLetter, targets, prefix)]);
    return {
      name: 'listener',
      targets: orderTargets(targets),
      settings,
      invoke: (event) => pendingPromiseIn(listener(event.payload, event)),
    };
  }
}

/** The options of the bus that make sense for a listener. */
function ofListeners({ group: _group, ...options }: HandlerOptions): HandlerOptions {
  return options;
}

const { group: _group, ...OF_LISTENERS } = HANDLER_OPTIONS;
const LISTENER_OPTIONS = { kind: TARGET_KIND, ...OF_LISTENERS };

function inputsOf(target: Targets | EventContract): readonly TargetInput[] {
  return Array.isArray(target) ? (target as readonly TargetInput[]) : [target as TargetInput];
}

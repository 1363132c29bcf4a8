import type { EventContext } from '../message/event-context.js';
import type { EventHeaders } from '../message/event.codec.js';
import type * as busFacts from './bus.facts.js';
import type * as facts from './observer.facts.js';

type Told = void | Promise<void>;

/** A handler, as {@link EventBusObserver.aroundHandle} is asked about it. */
export interface ObservedHandler extends facts.ObservedFact {
  /** `OrderNotifier.notify`, or `listener` for one added at run time. */
  readonly name: string;
  /** As written, channels before globs. */
  readonly targets: readonly string[];
}

/** An event that is about to be encoded and sent. */
export interface ObservedPublish extends facts.ObservedFact {
  /** The template, where it is published with a contract. */
  readonly channel: string;
  /** Whether the codec sends headers. Where it does not, those of a hook are left out. */
  readonly carriesMetadata: boolean;
  /** How many events the call publishes: more than 1 only for `publishMany`. */
  readonly batchSize: number;
}

/**
 * Runs in place of one call of a handler, and calls `next()`, which makes that call. See {@link EventBusObserver.aroundHandle}.
 */
export type AroundHandle = (event: EventContext, next: () => void | Promise<void>) => void | Promise<void>;

/**
 * Takes the facts of what a bus does, for metrics, traces and consoles. Every method is optional; a fact is only built when an
 * observer takes it. Methods are called in the order in which things happen, after the bus has done its own part and before
 * the log line is written, and never for what happened before the observer was added.
 *
 * Nothing that a method does changes what the bus does. When it throws, or rejects where it is async, the error is logged, once
 * a minute, and the observer stays.
 */
export interface EventBusObserver {
  /** The broker accepted an event. */
  published?(fact: facts.PublishedFact): Told;
  /** A `publish` rejected, or one event of a `publishMany` failed. */
  publishFailed?(fact: facts.PublishFailedFact): Told;
  /** A message came in, whether a handler takes it or not. */
  received?(fact: facts.ReceivedFact): Told;
  /** A handler finished without a failure. */
  handled?(fact: facts.HandledFact): Told;
  /** A handler, or a guard, pipe, interceptor or filter of it, failed for the last time. */
  failed?(fact: facts.FailedFact): Told;
  /** A handler failed, and is called again. */
  repeated?(fact: facts.RepeatedFact): Told;
  /** A message, or one event, was not handed to a handler. */
  rejected?(fact: facts.RejectedFact): Told;
  /** An event found no room in the buffer of a handler. */
  dropped?(fact: facts.DroppedFact): Told;
  /** Half of a handler's buffer is in use. */
  slowed?(fact: facts.SlowedFact): Told;
  /** No event waits any more for a handler that was slow. */
  caughtUp?(fact: facts.CaughtUpFact): Told;
  /** A call of a handler, of an `@OnGap` method or of a hook does not end. */
  stuck?(fact: facts.StuckFact): Told;
  /** A stuck call of a handler has ended after all. */
  unstuck?(fact: facts.UnstuckFact): Told;
  /** Another instance of the handler's group has the event. */
  leftToGroup?(fact: facts.LeftToGroupFact): Told;
  /** A dead letter was published. */
  deadLettered?(fact: facts.DeadLetteredFact): Told;
  /** A dead letter could not be published. */
  deadLetterLost?(fact: facts.DeadLetterLostFact): Told;
  /** Events may be missing. */
  gap?(fact: facts.GapFact): Told;
  /** An `@OnGap` method failed. */
  gapHandlerFailed?(fact: facts.GapHandlerFailedFact): Told;
  /** The bus is ready for the first time. */
  started?(fact: busFacts.StartedFact): Told;
  /** The bus could not start, and the start of the application fails. */
  startFailed?(fact: busFacts.StartFailedFact): Told;
  /** The bus has shut down. */
  closed?(fact: busFacts.ClosedFact): Told;
  /** The state of the connections changed. */
  stateChanged?(fact: busFacts.StateChangedFact): Told;
  /** The broker confirmed subscriptions. */
  subscribed?(fact: busFacts.SubscriptionsFact): Told;
  /** The broker denied subscriptions. */
  denied?(fact: busFacts.SubscriptionsFact): Told;
  /** A stream did not get an event. */
  streamDropped?(fact: busFacts.StreamDroppedFact): Told;
  /** A callback of the application that nothing depends on failed. */
  listenerFailed?(fact: busFacts.ListenerFailedFact): Told;
  /** Every warning that is no fact of its own. */
  warned?(fact: busFacts.NoticedFact): Told;
  /** Every other line that the bus logs and that is no fact of its own. */
  noted?(fact: busFacts.NotedFact): Told;

  /**
   * Asked once for each handler, when it or the observer is added, and returns what is to run in place of its calls; nothing
   * where they are not to be wrapped. It runs once for each call, within the call's own AsyncLocalStorage context.
   *
   * The handler is called exactly once, and what it returns or throws is the outcome, whatever the hook does: where it throws or
   * returns before it has called `next`, the handler is called then; each later `next()` returns the outcome of the first. Only
   * an async hook can delay the call, by calling `next` later. The next event does not wait for what a hook does after `next`.
   * A hook that does not end is reported as {@link stuck}.
   */
  aroundHandle?(handler: ObservedHandler): AroundHandle | undefined;

  /**
   * Runs around each publish, within the publisher's own call and AsyncLocalStorage context, before the codec. `next(headers)`
   * publishes and resolves with the number that `publish` returns; `headers` are added to those of the publisher, whose own are
   * stronger.
   *
   * The event is published exactly once, and its outcome is that of `publish`, whatever the hook does. It has to call `next`
   * before it returns or awaits anything, as events are encoded in the call and sent in the order of the calls: where it has
   * not, the event is published without it. A hook that does not end after that is reported as {@link stuck}.
   */
  aroundPublish?(publish: ObservedPublish, next: (headers?: EventHeaders) => Promise<number>): unknown;
}

/** The methods that take facts. */
export type FactName = Exclude<keyof EventBusObserver, 'aroundHandle' | 'aroundPublish'>;

/** What the method of this name takes. */
export type FactOf<Name extends FactName> = Parameters<NonNullable<EventBusObserver[Name]>>[0];

import type { EventContext } from '../message/event-context.js';
import type { EventHeaders } from '../message/event.codec.js';
import type { PublishOutcome } from '../transports/event.transport.js';
import type * as busFacts from './bus.facts.js';
import type * as facts from './observer.facts.js';

type Told = void | Promise<void>;

/** A handler, as passed to {@link EventBusObserver.aroundHandle}. */
export interface ObservedHandler extends facts.ObservedFact {
  /** `OrderNotifier.notify`, or `listener` for one added at run time. */
  readonly name: string;
  /** As written, channels before globs. */
  readonly targets: readonly string[];
  /** Its option `group`. Absent if it has none. */
  readonly group?: string;
}

/** One call of a handler, as passed to {@link AroundHandle}. */
export interface ObservedCall {
  /** 1 for the first call for this event. */
  readonly attempt: number;
  /** The length of the event as received, in bytes. */
  readonly bytes: number;
}

/** An event that is about to be encoded and sent. */
export interface ObservedPublish extends facts.ObservedFact {
  /** The template, if it is published with a contract. */
  readonly channel: string;
  /** The template of the contract that it is published with. Absent if it is published to a channel. */
  readonly template?: string;
  /** The publisher's own headers, which take precedence over those of a hook. Absent if there are none. */
  readonly headers?: EventHeaders;
  /** Whether the codec sends headers. If it does not, the headers of a hook are ignored. */
  readonly carriesMetadata: boolean;
  /** How many events the call publishes: more than 1 only for `publishMany`. */
  readonly batchSize: number;
  /** An object that all events of one `publishMany` have in common, and no other. Absent for `publish`. */
  readonly batch?: object;
  /** The event that a handler failed with, if this is the dead letter about it: that of the last call. Absent otherwise. */
  readonly deadLetterOf?: EventContext;
  /** The event as it is sent. Absent before `next` was called, and for an event that cannot be sent. */
  readonly encoded?: {
    /** The channel, without the application's prefix. */
    readonly channel: string;
    /** The length of the message, in bytes. With a codec that numbers its events, an upper bound. */
    readonly bytes: number;
  };
}

/** Publishes the event of an {@link EventBusObserver.aroundPublish}. Only the first call does. */
export interface PublishNext {
  /** Resolves with the number that `publish` returns, or rejects as it does. @param headers those to add */
  (headers?: EventHeaders): Promise<number>;
  /** The same without a promise, for hooks that run for each of very many events. @param settled gets the outcome */
  (headers: EventHeaders | undefined, settled: (outcome: PublishOutcome) => void): void;
}

/** The transport of a bus, as passed to {@link EventBusObserver.aroundTransport}. */
export interface ObservedTransport extends facts.ObservedFact {
  /** `redis`, `redis-cluster` or `memory`. */
  readonly transport: string;
  /** `host:port`. */
  readonly address: string;
  /** The name of the codec, e.g. `json`. */
  readonly codec: string;
  /** Whether the codec sends headers. */
  readonly carriesMetadata: boolean;
}

/**
 * Runs in place of one call of a handler, and calls `next()`, which makes that call. See {@link EventBusObserver.aroundHandle}.
 */
export type AroundHandle = (
  event: EventContext,
  next: () => void | Promise<void>,
  call: ObservedCall,
) => void | Promise<void>;

/** Runs in place of one call into the transport, and calls `next()`, which makes that call and never throws. */
export type AroundTransport = (next: () => void) => void;

/**
 * Takes the facts of a bus, for metrics, traces and consoles. Every method is optional; a fact is only built when an observer
 * takes it. Methods are called in the order in which things happen, after the bus has done its own part and before the log line
 * is written. An observer gets no facts from before it was added.
 *
 * A method cannot change what the bus does. If it throws, or rejects where it is async, the error is logged at most once a
 * minute, and the observer stays registered.
 */
export interface EventBusObserver {
  /** Called once: when the bus has been created, or when the observer is added to it later. */
  attached?(fact: busFacts.AttachedFact): Told;
  /** The broker accepted an event. */
  published?(fact: facts.PublishedFact): Told;
  /** A `publish` rejected, or one event of a `publishMany` failed. */
  publishFailed?(fact: facts.PublishFailedFact): Told;
  /** A message arrived, whether or not a handler takes it. */
  received?(fact: facts.ReceivedFact): Told;
  /** A handler finished successfully. */
  handled?(fact: facts.HandledFact): Told;
  /** A handler, or a guard, pipe, interceptor or filter of it, failed for the last time. */
  failed?(fact: facts.FailedFact): Told;
  /** A handler failed, and is called again. */
  repeated?(fact: facts.RepeatedFact): Told;
  /** A message, or one event, was not handed to a handler. */
  rejected?(fact: facts.RejectedFact): Told;
  /** An event was dropped because the buffer of a handler was full. */
  dropped?(fact: facts.DroppedFact): Told;
  /** Half of a handler's buffer is in use. */
  slowed?(fact: facts.SlowedFact): Told;
  /** A slow handler has no more pending events. */
  caughtUp?(fact: facts.CaughtUpFact): Told;
  /** A call of a handler, of an `@OnGap` method or of a hook does not end. */
  stuck?(fact: facts.StuckFact): Told;
  /** A stuck call of a handler has ended. */
  unstuck?(fact: facts.UnstuckFact): Told;
  /** Another instance of the handler's group claimed the event. */
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
  /** An event was dropped because the buffer of a stream was full. */
  streamDropped?(fact: busFacts.StreamDroppedFact): Told;
  /** A callback of the application failed, with no effect on the bus. */
  listenerFailed?(fact: busFacts.ListenerFailedFact): Told;
  /** Every warning that has no fact of its own. */
  warned?(fact: busFacts.NoticedFact): Told;
  /** Every other log line that has no fact of its own. */
  noted?(fact: busFacts.NotedFact): Told;

  /**
   * Called once for each handler, when the handler or the observer is added. It returns a function that runs in place of each
   * call of the handler, in the AsyncLocalStorage context of that call, or nothing if the calls are not to be wrapped.
   *
   * The handler is called exactly once, and what it returns or throws is the outcome, whatever the hook does: if the hook
   * throws or returns before it calls `next`, the handler is called then; each later `next()` returns the outcome of the first.
   * Only an async hook can delay the call, by calling `next` later. The next event does not wait for what a hook does after
   * `next`. A hook that does not end is reported as {@link stuck}.
   */
  aroundHandle?(handler: ObservedHandler): AroundHandle | undefined;

  /**
   * Runs around each publish, within the publisher's own call and AsyncLocalStorage context, before the codec. `next(headers)`
   * publishes and resolves with the number that `publish` returns. `headers` are added to those of the publisher, which take
   * precedence.
   *
   * The event is published exactly once, and its outcome is that of `publish`, whatever the hook does. The hook must call
   * `next` before it returns or awaits anything, because events are encoded in the call and sent in call order; otherwise the
   * event is published without the hook. A hook that does not end after that is reported as {@link stuck}.
   */
  aroundPublish?(publish: ObservedPublish, next: PublishNext): unknown;

  /**
   * Called once, when the bus is created, so only for observers of the option `observers`. It returns a function that runs in
   * place of each call into the transport: connecting, publishing, subscribing, asking. What the transport starts in the call,
   * its commands, connections and timers, stays in the AsyncLocalStorage context in which `next` was called.
   *
   * Each call is made exactly once, before the hook returns, and its outcome is that of the transport, whatever the hook does.
   */
  aroundTransport?(transport: ObservedTransport): AroundTransport | undefined;
}

/** The methods that take facts. */
export type FactName = Exclude<keyof EventBusObserver, 'aroundHandle' | 'aroundPublish' | 'aroundTransport'>;

/** The fact that the method of this name takes. */
export type FactOf<Name extends FactName> = Parameters<NonNullable<EventBusObserver[Name]>>[0];

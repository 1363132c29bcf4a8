import type { DeadLetter } from '../dispatching/dead.letter.js';
import type { Gap } from '../gaps/gap.js';
import type { PipelineStage } from '../handlers/handler.failure.js';
import type { EventContext } from '../message/event-context.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';

/** What every fact has. Names of subscriptions have the application's prefix, channels have not. */
export interface ObservedFact {
  /** The name of the bus, `default` unless it was given one. */
  readonly bus: string;
}

/** The broker accepted an event. */
export interface PublishedFact extends ObservedFact {
  /** The channel, without the application's prefix. */
  readonly channel: string;
  /** Of the contract that it was published with. Absent where it was published to a channel. */
  readonly template?: string;
  /** By which command it was sent: PUBLISH or SPUBLISH. */
  readonly kind: 'channel' | 'shard';
  /** As it was passed to `publish`. Do not change it. */
  readonly payload: unknown;
  /** The length of the message, in bytes. With a codec that numbers its events, an upper bound. */
  readonly bytes: number;
  /** How many subscriptions the broker reports; 0 when nobody received it. */
  readonly subscriptions: number;
  /** From the call of `publish` to the broker's answer, in milliseconds. */
  readonly tookMs: number;
}

/** A `publish` rejected, or one event of a `publishMany` failed. */
export interface PublishFailedFact extends ObservedFact {
  /** The template, where it was published with a contract. */
  readonly channel: string;
  /** What `publish` rejected with. */
  readonly error: unknown;
  /** From the call of `publish` on, in milliseconds. */
  readonly tookMs: number;
}

/** A message came in, whether a handler takes it or not. */
export interface ReceivedFact extends ObservedFact {
  /** The channel, without the application's prefix. */
  readonly channel: string;
  /** The subscription that delivered it. */
  readonly through: SubscriptionTarget;
  /** The length of the message, in bytes. */
  readonly bytes: number;
  /** How many events are in it: more than 1 in a batch frame. */
  readonly events: number;
}

/** What became of an event for a handler. */
interface HandlerEventFact extends ObservedFact {
  /** `OrderNotifier.notify`, or `listener` for one added at run time. */
  readonly handler: string;
  /** As the handler gets it, or would have got it. Do not change it. */
  readonly event: EventContext;
}

/** One call of a handler. */
export interface HandledFact extends HandlerEventFact {
  /** Which of the handler's targets matched, as it was written. */
  readonly target: string;
  /** How long the event waited in the handler's queue, in milliseconds. */
  readonly waitedMs: number;
  /** How long the call took, in milliseconds. 0 where it had begun when the observer was added. */
  readonly tookMs: number;
  /** 1 for the first call for this event. 0 where the handler was not called, because its `orderBy` failed. */
  readonly attempt: number;
}

/** A handler failed for an event for the last time. */
export interface FailedFact extends HandledFact {
  /** What was thrown. */
  readonly error: unknown;
  /** What failed: the handler itself, or its guard, pipe, interceptor or filter. */
  readonly stage: PipelineStage;
  /** A guard or a pipe refused the event, which is no fault of the application. */
  readonly isRefusal: boolean;
  /** What is probably wrong, for people. */
  readonly hint?: string;
}

/** A handler failed, and is called again for the same event. */
export interface RepeatedFact extends HandledFact {
  /** What was thrown. */
  readonly error: unknown;
}

/** A message was not handed on: too large, not what the codec reads, not what the contract says, or not to be claimed. */
export interface RejectedFact extends ObservedFact {
  /** The channel, without the application's prefix. */
  readonly channel: string;
  /** Why it was rejected. */
  readonly error: Error;
  /** How many events were in it. */
  readonly events: number;
}

/** An event found no room in the buffer of a handler. */
export interface DroppedFact extends HandlerEventFact {}

/** Half of a handler's buffer is in use. Once per episode, before anything is dropped. */
export interface SlowedFact extends ObservedFact {
  /** `OrderNotifier.notify`. */
  readonly handler: string;
  /** How many events are pending. */
  readonly waitingEvents: number;
  /** How many bytes their messages have. */
  readonly waitingBytes: number;
  /** The limits of the handler. */
  readonly buffer: {
    readonly events: number;
    readonly bytes: number;
    readonly overflow: 'drop-oldest' | 'drop-newest';
  };
}

/** No event waits any more for a handler that was {@link SlowedFact slow}. */
export interface CaughtUpFact extends ObservedFact {
  /** `OrderNotifier.notify`. */
  readonly handler: string;
  /** How many events were dropped in the episode. */
  readonly droppedEvents: number;
  /** When the episode began, in milliseconds since the epoch. */
  readonly fromMs: number;
}

/** A call does not end. Once for all calls of a handler that are stuck at the same time. */
export interface StuckFact extends ObservedFact {
  /** Of an event's handler, of an `@OnGap` method, or a hook of an observer. */
  readonly call: 'handler' | 'gap-handler' | 'hook';
  /** `OrderNotifier.notify`; for a hook `MyObserver.aroundHandle`. */
  readonly handler: string;
  /** What it was called for. Absent for an `@OnGap` method. */
  readonly channel?: string;
  /** How long it has run, in milliseconds. */
  readonly forMs: number;
  /** How many events wait for the handler. */
  readonly waitingEvents: number;
}

/** The call of a {@link StuckFact} has ended after all, and no other one of its handler is stuck. */
export interface UnstuckFact extends ObservedFact {
  /** As in the {@link StuckFact}. */
  readonly handler: string;
  /** The channel of the event of that call. */
  readonly channel: string;
}

/** Another instance of the handler's group has the event. */
export interface LeftToGroupFact extends HandlerEventFact {}

/** A dead letter was published. */
export interface DeadLetteredFact extends ObservedFact {
  /** The channel of the dead letter. */
  readonly deadLetter: string;
  /** What was to be published there. */
  readonly letter: DeadLetter;
}

/** A dead letter could not be published. */
export interface DeadLetterLostFact extends DeadLetteredFact {
  /** Why it was not published, for people. */
  readonly reason: string;
}

/** Events may be missing, as `@OnGap` methods are told. */
export interface GapFact extends ObservedFact, Gap {}

/** An `@OnGap` method failed. */
export interface GapHandlerFailedFact extends ObservedFact {
  /** `OrderNotifier.reconcile`. */
  readonly handler: string;
  /** What was thrown. */
  readonly error: unknown;
}

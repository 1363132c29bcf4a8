import type { DeadLetter } from '../dispatching/dead.letter.js';
import type { Gap } from '../gaps/gap.js';
import type { PipelineStage } from '../handlers/handler.failure.js';
import type { EventContext } from '../message/event-context.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';

/** The fields of every fact. Names of subscriptions include the application's prefix, channels do not. */
export interface ObservedFact {
  /** The name of the bus, `default` unless another is set. */
  readonly bus: string;
}

/** The broker accepted an event. */
export interface PublishedFact extends ObservedFact {
  /** The channel, without the application's prefix. */
  readonly channel: string;
  /** The template of the contract that it was published with. Absent if it was published to a channel. */
  readonly template?: string;
  /** The command that sent it: PUBLISH or SPUBLISH. */
  readonly kind: 'channel' | 'shard';
  /** As it was passed to `publish`. Do not change it. */
  readonly payload: unknown;
  /**
   * The length of the message, in bytes. With a codec that numbers its events, an upper bound. It is counted when it is read, so
   * a copy by `{ ...fact }` does not have it.
   */
  readonly bytes: number;
  /** How many subscriptions the broker reports; 0 when there was no subscriber. */
  readonly subscriptions: number;
  /** From the call of `publish` to the broker's answer, in milliseconds. */
  readonly tookMs: number;
}

/** A `publish` rejected, or one event of a `publishMany` failed. */
export interface PublishFailedFact extends ObservedFact {
  /** The template, if it was published with a contract. */
  readonly channel: string;
  /** The template of the contract that it was published with. Absent if it was published to a channel. */
  readonly template?: string;
  /** The command that would have sent it: PUBLISH or SPUBLISH. */
  readonly kind: 'channel' | 'shard';
  /** What `publish` rejected with. */
  readonly error: unknown;
  /** From the call of `publish` to its rejection, in milliseconds. */
  readonly tookMs: number;
}

/** A message arrived, whether or not a handler takes it. */
export interface ReceivedFact extends ObservedFact {
  /** The channel, without the application's prefix. */
  readonly channel: string;
  /** The subscription that delivered it. */
  readonly through: SubscriptionTarget;
  /** The length of the message, in bytes. */
  readonly bytes: number;
  /** How many events it contains: more than 1 in a batch frame. */
  readonly events: number;
}

/** The fields of facts about one event and one handler. */
interface HandlerEventFact extends ObservedFact {
  /** `OrderNotifier.notify`, or `listener` for one added at run time. */
  readonly handler: string;
  /** The event as the handler got it, or would have got it. Do not change it. */
  readonly event: EventContext;
}

/** One call of a handler. */
export interface HandledFact extends HandlerEventFact {
  /** The matching target of the handler, as written. */
  readonly target: string;
  /** How long the event was pending in the handler's queue, in milliseconds. */
  readonly waitedMs: number;
  /** How long the call took, in milliseconds. 0 if it began before the observer was added. */
  readonly tookMs: number;
  /** 1 for the first call for this event. 0 if the handler was not called because its `orderBy` failed. */
  readonly attempt: number;
}

/** A handler failed for an event for the last time. */
export interface FailedFact extends HandledFact {
  /** What was thrown. */
  readonly error: unknown;
  /** What failed: the handler itself, or its guard, pipe, interceptor or filter. */
  readonly stage: PipelineStage;
  /** A guard or a pipe refused the event. This is not an error of the application. */
  readonly isRefusal: boolean;
  /** The probable cause, in words. */
  readonly hint?: string;
}

/** A handler failed, and is called again for the same event. */
export interface RepeatedFact extends HandledFact {
  /** What was thrown. */
  readonly error: unknown;
}

/**
 * A message was not delivered to a handler: too large, not readable by the codec, invalid for the contract, or not claimable.
 */
export interface RejectedFact extends ObservedFact {
  /** The channel, without the application's prefix. */
  readonly channel: string;
  /** Why it was rejected. */
  readonly error: Error;
  /** How many events it contained. */
  readonly events: number;
}

/** An event was dropped because the buffer of a handler was full. */
export interface DroppedFact extends HandlerEventFact {}

/** Half of a handler's buffer is in use. Reported once per episode, before anything is dropped. */
export interface SlowedFact extends ObservedFact {
  /** `OrderNotifier.notify`. */
  readonly handler: string;
  /** How many events are pending. */
  readonly waitingEvents: number;
  /** The size of their messages, in bytes. */
  readonly waitingBytes: number;
  /** The limits of the handler. */
  readonly buffer: {
    readonly events: number;
    readonly bytes: number;
    readonly overflow: 'drop-oldest' | 'drop-newest';
  };
}

/** A handler that was {@link SlowedFact slow} has no more pending events. */
export interface CaughtUpFact extends ObservedFact {
  /** `OrderNotifier.notify`. */
  readonly handler: string;
  /** How many events were dropped in the episode. */
  readonly droppedEvents: number;
  /** When the episode began, in milliseconds since the epoch. */
  readonly fromMs: number;
}

/** A call does not end. Reported once for all calls of a handler that are stuck at the same time. */
export interface StuckFact extends ObservedFact {
  /** The kind of call: of an event handler, of an `@OnGap` method, or of an observer hook. */
  readonly call: 'handler' | 'gap-handler' | 'hook';
  /** `OrderNotifier.notify`; for a hook `MyObserver.aroundHandle`. */
  readonly handler: string;
  /** The channel of the event. Absent for an `@OnGap` method. */
  readonly channel?: string;
  /** How long it has run, in milliseconds. */
  readonly forMs: number;
  /** How many events are pending for the handler. */
  readonly waitingEvents: number;
}

/** The call of a {@link StuckFact} has ended, and no other call of its handler is stuck. */
export interface UnstuckFact extends ObservedFact {
  /** As in the {@link StuckFact}. */
  readonly handler: string;
  /** The channel of the event of that call. */
  readonly channel: string;
}

/** Another instance of the handler's group claimed the event. */
export interface LeftToGroupFact extends HandlerEventFact {}

/** A dead letter was published. */
export interface DeadLetteredFact extends ObservedFact {
  /** The channel of the dead letter. */
  readonly deadLetter: string;
  /** The dead letter itself. */
  readonly letter: DeadLetter;
}

/** A dead letter could not be published. */
export interface DeadLetterLostFact extends DeadLetteredFact {
  /** Why it was not published, in words. */
  readonly reason: string;
}

/** Events may be missing. `@OnGap` methods get the same gap. */
export interface GapFact extends ObservedFact, Gap {}

/** An `@OnGap` method failed. */
export interface GapHandlerFailedFact extends ObservedFact {
  /** `OrderNotifier.reconcile`. */
  readonly handler: string;
  /** What was thrown. */
  readonly error: unknown;
}

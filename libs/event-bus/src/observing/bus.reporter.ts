import type { EventContract } from '../contracts/event.contract.js';
import type { DeadLetter } from '../dispatching/dead.letter.js';
import type { CallTimes, DispatchReporter, SlowEpisode } from '../dispatching/dispatch.reporter.js';
import type { EventHandler } from '../dispatching/event.handler.js';
import { DEFAULT_HANDLER_SETTINGS } from '../dispatching/handler.options.js';
import { thrownIn } from '../dispatching/handling.failure.js';
import type { RunningCall } from '../dispatching/running.calls.js';
import type { EventBusError } from '../errors.js';
import { isA, propertyOf, textOf } from '../foreign.js';
import type { Gap } from '../gaps/gap.js';
import type { GapHandlerReporter } from '../handlers/gap.handlers.js';
import { HandlerFailure } from '../handlers/handler.failure.js';
import type { EventContext } from '../message/event-context.js';
import type { PreparedEvent } from '../publishing/event.preparer.js';
import type { ChannelPrefix } from '../routing/channel-prefix.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import type { TransportState } from '../transports/event.transport.js';
import type { EventBusCounters } from './event-bus.counters.js';
import { NO_COUNTS } from './event-bus.counters.js';
import type { ClosedFact, NotedFact, NoticedFact, StartedFact } from './bus.facts.js';
import type { HandledFact } from './observer.facts.js';
import type { ObserverRegistry } from './observer.registry.js';
import { SentEvent } from './sent.event.js';

/** Takes what the parts of one bus report: counts it, and builds a fact if an observer takes one. No call throws. */
export class BusReporter implements DispatchReporter, GapHandlerReporter {
  readonly counters: EventBusCounters = { ...NO_COUNTS };
  readonly interest: DispatchReporter['interest'];
  /** Whether an observer needs the duration of a publish. A field: each publish reads it. */
  timesPublishes = false;

  constructor(
    private readonly bus: string,
    private readonly prefix: ChannelPrefix,
    private readonly observers: ObserverRegistry,
  ) {
    this.interest = observers;
    const update = () => {
      this.timesPublishes = observers.timesPublishes;
    };
    observers.onChange(update);
    update();
  }

  /** @param startedMs performance.now() when the publish began, or 0 if no observer needed it */
  published(
    event: PreparedEvent,
    to: string | EventContract,
    payload: unknown,
    subscriptions: number,
    startedMs: number,
  ): void {
    this.counters.published += 1;
    if (!this.observers.takes.published) return;
    const took = msSince(startedMs);
    this.observers.tell('published', new SentEvent(this.bus, event, to, payload, subscriptions, took));
  }

  /** @param asked the `kind` that was asked for. A contract has its own */
  publishFailed(to: string | EventContract, error: unknown, startedMs: number, asked?: unknown): void {
    this.counters.publishFailed += 1;
    if (!this.observers.takes.publishFailed) return;
    const template = propertyOf(to, 'template');
    const channel = textOf(template ?? to);
    const isShard = template === undefined ? asked === 'shard' : propertyOf(to, 'isSharded') === true;
    const ofContract = template === undefined ? {} : { template: channel };
    const what = { bus: this.bus, channel, ...ofContract, kind: isShard ? 'shard' : 'channel' } as const;
    this.observers.tell('publishFailed', { ...what, error, tookMs: msSince(startedMs) });
  }

  received(through: SubscriptionTarget, rawChannel: string, bytes: number, events: number): void {
    const channel = this.prefix.strip(rawChannel);
    const { kind, name } = through;
    this.observers.tell('received', { bus: this.bus, channel, through: { kind, name }, bytes, events });
  }

  handled(handler: EventHandler, event: EventContext, times: CallTimes): void {
    this.counters.handled += 1;
    if (this.observers.takes.handled) this.observers.tell('handled', handledFact(handler, event, times));
  }

  failed(handler: EventHandler, event: EventContext, error: unknown, times: CallTimes): void {
    this.counters.failed += 1;
    const failure = isA(error, HandlerFailure) ? error : new HandlerFailure('handler', error);
    const { stage, cause, isRefusal, hint } = failure;
    const call = handledFact(handler, event, times);
    const advice = hint === undefined ? {} : { hint };
    this.observers.tell('failed', { ...call, error: cause, stage, isRefusal, ...advice });
  }

  repeated(handler: EventHandler, event: EventContext, error: unknown, times: CallTimes): void {
    this.counters.repeated += 1;
    this.observers.tell('repeated', { ...handledFact(handler, event, times), error: thrownIn(error) });
  }

  rejected(channel: string, error: EventBusError, events = 1): void {
    this.counters.rejected += events;
    this.observers.tell('rejected', { bus: this.bus, channel, error, events });
  }

  leftToGroup({ name }: EventHandler, event: EventContext): void {
    this.counters.leftToGroup += 1;
    if (this.observers.takes.leftToGroup)
      this.observers.tell('leftToGroup', { bus: this.bus, handler: name, event });
  }

  slowed({ name, settings }: EventHandler, waitingEvents: number, waitingBytes: number): void {
    const { buffer } = settings ?? DEFAULT_HANDLER_SETTINGS;
    this.observers.tell('slowed', { bus: this.bus, handler: name, waitingEvents, waitingBytes, buffer });
  }

  dropped({ name }: EventHandler, event: EventContext): void {
    this.counters.dropped += 1;
    if (this.observers.takes.dropped) this.observers.tell('dropped', { bus: this.bus, handler: name, event });
  }

  caughtUp({ name }: EventHandler, episode: SlowEpisode): void {
    this.observers.tell('caughtUp', { bus: this.bus, handler: name, ...episode });
  }

  stuck({ name }: EventHandler, { event, forMs }: RunningCall, waitingEvents: number): void {
    const { channel } = event;
    const call = { bus: this.bus, call: 'handler', handler: name, channel, forMs } as const;
    this.observers.tell('stuck', { ...call, waitingEvents });
  }

  unstuck({ name }: EventHandler, { channel }: EventContext): void {
    this.observers.tell('unstuck', { bus: this.bus, handler: name, channel });
  }

  hookStuck(hook: string, channel: string, forMs: number): void {
    const call = { bus: this.bus, call: 'hook', handler: hook, channel, forMs } as const;
    this.observers.tell('stuck', { ...call, waitingEvents: 0 });
  }

  gapHandlerStuck(handler: string, forMs: number): void {
    this.observers.tell('stuck', { bus: this.bus, call: 'gap-handler', handler, forMs, waitingEvents: 0 });
  }

  gapHandlerFailed(handler: string, error: unknown): void {
    this.counters.failed += 1;
    this.observers.tell('gapHandlerFailed', { bus: this.bus, handler, error });
  }

  deadLettered(deadLetter: string, letter: DeadLetter): void {
    this.counters.deadLettered += 1;
    if (this.observers.takes.deadLettered)
      this.observers.tell('deadLettered', { bus: this.bus, deadLetter, letter });
  }

  deadLetterLost(deadLetter: string, letter: DeadLetter, reason: string): void {
    this.counters.deadLettersLost += 1;
    this.observers.tell('deadLetterLost', { bus: this.bus, deadLetter, letter, reason });
  }

  gap(gap: Gap): void {
    this.counters.gaps += 1;
    this.counters.missed += gap.missed ?? 0;
    this.observers.tell('gap', { bus: this.bus, ...gap });
  }

  started(start: Omit<StartedFact, 'bus'>): void {
    this.observers.tell('started', { bus: this.bus, ...start });
  }

  startFailed(error: unknown): void {
    this.observers.tell('startFailed', { bus: this.bus, error });
  }

  closed(end: Omit<ClosedFact, 'bus'>): void {
    this.observers.tell('closed', { bus: this.bus, ...end });
  }

  stateChanged(state: TransportState, previous: TransportState | undefined): void {
    const before = previous === undefined ? {} : { previous: stateOf(previous) };
    const refused = state.isRefused ? { isRefused: true } : {};
    this.observers.tell('stateChanged', { bus: this.bus, ...stateOf(state), ...refused, ...before });
  }

  subscribed(targets: readonly SubscriptionTarget[]): void {
    this.observers.tell('subscribed', { bus: this.bus, targets });
  }

  denied(targets: readonly SubscriptionTarget[]): void {
    if (this.observers.takes.denied) this.observers.tell('denied', { bus: this.bus, targets });
  }

  streamDropped(target: string): void {
    this.observers.tell('streamDropped', { bus: this.bus, target });
  }

  /** A callback that is notified and has no influence. */
  listenerFailed(listener: string, error: unknown): void {
    this.observers.tell('listenerFailed', { bus: this.bus, listener, error });
  }

  warned(notice: Omit<NoticedFact, 'bus'>): void {
    this.observers.tell('warned', { bus: this.bus, ...notice });
  }

  noted(note: Omit<NotedFact, 'bus'>): void {
    this.observers.tell('noted', { bus: this.bus, ...note });
  }
}

function handledFact({ name }: EventHandler, event: EventContext, times: CallTimes): HandledFact {
  const { bus, channel, pattern } = event;
  const { waitedMs, tookMs, attempt } = times;
  return { bus, handler: name, target: pattern ?? channel, event, waitedMs, tookMs, attempt };
}

/** 0 if the start was not measured. */
function msSince(startedMs: number): number {
  return startedMs === 0 ? 0 : performance.now() - startedMs;
}

function stateOf({ status, reason }: TransportState): { state: TransportState['status']; reason?: string } {
  return reason === undefined ? { state: status } : { state: status, reason };
}

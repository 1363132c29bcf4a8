import { HttpException } from '@nestjs/common';
import type { DeadLetter } from './dispatching/dead.letter.js';
import type { DispatchObserver, SlowEpisode } from './dispatching/dispatch.observer.js';
import type { RunningCall } from './dispatching/running.calls.js';
import type { EventHandler } from './dispatching/event.handler.js';
import type { UnfinishedWork } from './dispatching/event.dispatcher.js';
import { DEFAULT_HANDLER_SETTINGS } from './dispatching/handler.options.js';
import { thrownIn } from './dispatching/handling.failure.js';
import { GroupClaimError, PayloadInvalidError, PayloadTooLargeError, quote, reasonOf } from './errors.js';
import { describeThrown, isA, isThenable, textOf, toPromise } from './foreign.js';
import type { Gap } from './gaps/gap.js';
import { HandlerFailure } from './handlers/handler.failure.js';
import type { HandlerReport } from './introspection/handler.report.js';
import type { EventContext } from './message/event-context.js';
import type { SubscriptionTarget } from './routing/subscription-target.js';
import { LogEpisode } from './log.episode.js';
import { LogEpisodes } from './log.episodes.js';
import { LogWriter } from './log.writer.js';
import { StateLog } from './state.log.js';
import type { TurnedState } from './state.log.js';
import type { TransportState, TransportWarning } from './transports/event.transport.js';

/** Whoever waits until a bus has done what it got. */
export interface WorkingBus {
  /** Resolves when everything that came in was handed on, and no handler has anything to do. */
  whenIdle(): Promise<void>;
}

/** Hears what a bus does; the testing kit binds one. What a call throws is logged and changes nothing else. */
export interface EventBusTap {
  attached(bus: WorkingBus, prefix: string): void;
  /** What is to be called in place of a handler. Absent: the handler itself. */
  standInFor?(handler: EventHandler): EventHandler;
  onPublished(bus: string, channel: string, payload: unknown): void;
  onHandled(handler: string, event: EventContext): void;
  onFailed(handler: string, event: EventContext, error: unknown): void;
}

/** What the bus has counted since it started. */
export interface EventBusCounters {
  published: number;
  publishFailed: number;
  handled: number;
  failed: number;
  /** Calls that failed and were made again. */
  repeated: number;
  /** Messages that a handler did not get: too large, not what the codec reads, not what the contract says, or not to be shared. */
  rejected: number;
  /** Events that waited for a handler, or were to, and found no room. */
  dropped: number;
  /** Events that another instance of the handler's group has. */
  leftToGroup: number;
  /** Dead letters published. */
  deadLettered: number;
  /** Dead letters that could not be published. */
  deadLettersLost: number;
  gaps: number;
  /** Events that are missing for sure, the dropped ones included: what the gaps say together. */
  missed: number;
}

/** In one line; a gap after a lost connection has all of them. */
const MAX_NAMED = 5;
const MAX_MESSAGES = 20;
/** What to do about it stands at the end of a reason. */
const MAX_REASON_LENGTH = 384;

/** Owns every log line and every counter of one bus. No call throws: it counts, tells the tap, and writes its line last. */
export class EventBusObserver implements DispatchObserver {
  readonly counters: EventBusCounters = {
    published: 0,
    publishFailed: 0,
    handled: 0,
    failed: 0,
    repeated: 0,
    rejected: 0,
    dropped: 0,
    leftToGroup: 0,
    deadLettered: 0,
    deadLettersLost: 0,
    gaps: 0,
    missed: 0,
  };

  private readonly logger: LogWriter;
  private readonly rejections = new LogEpisode();
  /** Their cure lies here, and not with a publisher: bad payloads must not hide them. */
  private readonly failedClaims = new LogEpisode();
  private readonly lostLetters = new LogEpisodes();
  private readonly gapLines = new LogEpisode(5_000);
  private readonly overflows = new LogEpisode();
  /** One message may hold very many events, and each of them may fail. */
  private readonly failures = new LogEpisodes();
  private readonly repetitions = new LogEpisodes();
  private readonly slowness = new LogEpisodes();
  /** Those whose last slowness was told: that it is over is told as well. */
  private readonly toldSlow = new WeakSet<EventHandler>();
  private readonly states = new StateLog((state, unlogged) => this.logState(state, unlogged));
  /** By what the listener listens to. */
  private readonly failedListeners = new LogEpisodes();

  constructor(
    readonly bus: string,
    private readonly tap: EventBusTap | undefined,
  ) {
    this.logger = new LogWriter(bus === 'default' ? 'EventBus' : `EventBus:${bus}`);
  }

  published(channel: string, payload: unknown): void {
    this.counters.published += 1;
    if (this.tap !== undefined) this.tell((tap) => tap.onPublished(this.bus, channel, payload));
  }

  publishFailed(): void {
    this.counters.publishFailed += 1;
  }

  handled(handler: EventHandler, event: EventContext): void {
    this.counters.handled += 1;
    if (this.tap !== undefined) this.tell((tap) => tap.onHandled(handler.name, event));
  }

  failed(handler: EventHandler, event: EventContext, error: unknown): void {
    this.counters.failed += 1;
    const failure = isA(error, HandlerFailure) ? error : new HandlerFailure('handler', error);
    if (this.tap !== undefined) this.tell((tap) => tap.onFailed(handler.name, event, failure.cause));
    this.failures.log(handler.name, `${failure.stage} ${nameOf(failure.cause)}`, (unlogged) => {
      const fields = `handler=${handler.name} channel=${quote(event.channel)} error=${describe(failure.cause)}`;
      const hint = failure.hint === undefined ? '' : ` ${failure.hint}`;
      const line = `${failure.sentence} (${fields}${unloggedField(unlogged)})${hint}`;
      // A pipe that refuses a payload works as it should: the publisher is wrong, and our stack says nothing of it.
      if (failure.stage === 'pipe' && failure.isRefusal) this.logger.warn(line);
      else this.logger.error(line, failure.cause);
    });
  }

  repeated(handler: EventHandler, event: EventContext, error: unknown): void {
    this.counters.repeated += 1;
    const cause = thrownIn(error);
    this.repetitions.log(handler.name, nameOf(cause), (unlogged) =>
      this.logger.debug(
        `A handler failed and is called again (handler=${handler.name} channel=${quote(event.channel)} error=${describe(cause)}${unloggedField(unlogged)})`,
      ),
    );
  }

  rejected(channel: string, error: unknown, events = 1): void {
    this.counters.rejected += events;
    const episode = isA(error, GroupClaimError) ? this.failedClaims : this.rejections;
    episode.log((unlogged) => {
      const sentence = `A message was dropped, ${whyDropped(error)}`;
      this.logger.warn(
        `${sentence} (channel=${quote(channel)} reason=${quote(describeThrown(error).message, MAX_REASON_LENGTH)}${unloggedField(unlogged)})`,
      );
    });
  }

  leftToGroup(): void {
    this.counters.leftToGroup += 1;
  }

  slowed(handler: EventHandler, waitingEvents: number, waitingBytes: number): void {
    this.slowness.log(handler.name, '', (unlogged) => {
      this.toldSlow.add(handler);
      const { buffer } = handler.settings ?? DEFAULT_HANDLER_SETTINGS;
      const limits = `events=${waitingEvents}/${buffer.events} bytes=${waitingBytes}/${buffer.bytes}`;
      this.logger.warn(
        `A handler is too slow, events wait for it (handler=${handler.name} ${limits}${unloggedField(unlogged)}). When the buffer is full events are dropped (${buffer.overflow}): do less per event, raise concurrency, or let more run side by side with orderBy.`,
      );
    });
  }

  dropped(): void {
    this.counters.dropped += 1;
  }

  caughtUp(handler: EventHandler, { droppedEvents, fromMs }: SlowEpisode): void {
    if (!this.toldSlow.delete(handler)) return;
    this.logger.log(
      `A handler has caught up (handler=${handler.name} dropped=${droppedEvents} afterMs=${Date.now() - fromMs})`,
    );
  }

  stuck(handler: EventHandler, { event, forMs }: RunningCall, waitingEvents: number): void {
    this.logger.warn(
      `A call does not end, events wait for it (handler=${handler.name} channel=${quote(event.channel)} forMs=${Math.round(forMs)} waiting=${waitingEvents}). Set timeoutMs, so that the next event with its key starts, and end the work when event.signal aborts.`,
    );
  }

  unstuck(handler: EventHandler, event: EventContext): void {
    this.logger.log(`A call has ended after all (handler=${handler.name} channel=${quote(event.channel)})`);
  }

  gapHandlerStuck(handler: string, forMs: number): void {
    this.logger.warn(
      `An @OnGap method does not end, and is not called for later gaps (handler=${handler} forMs=${Math.round(forMs)}). Give what it awaits a timeout.`,
    );
  }

  deadLettered(): void {
    this.counters.deadLettered += 1;
  }

  deadLetterLost(letter: DeadLetter, deadLetter: string, reason: string): void {
    this.counters.deadLettersLost += 1;
    this.lostLetters.log(letter.handler, reason, (unlogged) =>
      this.logger.error(
        `A dead letter is lost (deadLetter=${quote(deadLetter)} handler=${letter.handler} channel=${quote(letter.event.channel)} reason=${quote(reason, MAX_REASON_LENGTH)}${unloggedField(unlogged)})`,
      ),
    );
  }

  gap({ reason, targets, fromMs, toMs, missed, hint }: Gap): void {
    this.counters.gaps += 1;
    this.counters.missed += missed ?? 0;
    const advice = hint === undefined ? '' : ` ${hint}`;
    this.gapLines.log((unlogged) =>
      this.logger.warn(
        `Events may be missing (reason=${reason} missed=${missed ?? 'unknown'} forMs=${toMs - fromMs} targets=${namesOf(targets)}${unloggedField(unlogged)})${advice}`,
      ),
    );
  }

  gapHandlerFailed(handler: string, error: unknown): void {
    this.counters.failed += 1;
    this.failures.log(handler, `gap ${nameOf(error)}`, (unlogged) =>
      this.logger.error(
        `An @OnGap method failed, what it was to reconcile may be missing (handler=${handler} error=${describe(error)}${unloggedField(unlogged)})`,
        error,
      ),
    );
  }

  /** Foreign code that is told of something and has no say in it. Once a minute for each kind. */
  listenerFailed(listener: string, error: unknown): void {
    this.failedListeners.log(listener, '', (unlogged) =>
      this.logger.error(
        `A listener failed (listener=${quote(listener)} error=${describe(error)}${unloggedField(unlogged)})`,
        error,
      ),
    );
  }

  warned({ sentence, fields, advice }: TransportWarning): void {
    const list = Object.entries(fields).map(
      ([name, value]) => `${name}=${typeof value === 'string' ? quote(value) : value}`,
    );
    this.logger.warn(`${sentence} (${list.join(' ')})${advice === undefined ? '' : `. ${advice}`}`);
  }

  streamOverflowed(target: string | readonly string[]): void {
    this.overflows.log((unlogged) =>
      this.logger.warn(
        `A stream drops events, its loop is too slow (target=${quote(String(target))}${unloggedField(unlogged)}). Raise buffer.events, or do less per event.`,
      ),
    );
  }

  handlersFound({ lines, warnings }: HandlerReport): void {
    for (const line of lines) this.logger.debug(line);
    for (const warning of warnings) this.logger.warn(warning);
  }

  started(transport: string, address: string, handlers: number, subscriptions: number): void {
    this.logger.log(
      `Event bus is ready (transport=${transport} address=${address} handlers=${handlers} subscriptions=${subscriptions})`,
    );
  }

  startingDegraded(error: Error): void {
    this.logger.warn(`Event bus starts degraded and keeps trying (reason=${quote(error.message, Infinity)})`);
  }

  stateChanged(state: TransportState, previous: TransportState | undefined): void {
    const { status } = state;
    if (status === 'closed') this.states.close();
    else if (status === 'degraded' && previous?.status !== 'degraded')
      this.states.turned({ ...state, status });
    else if (status === 'ready' && previous?.status === 'degraded') this.states.turned({ ...state, status });
    else if (status === 'connecting' && state.reason !== undefined && previous?.reason === undefined) {
      this.logger.warn(`No connection yet, trying again (reason=${quote(state.reason, Infinity)})`);
    }
  }

  private logState({ status, reason }: TurnedState, unlogged: number): void {
    if (status === 'ready') {
      this.logger.log(`Event bus is ready again${unlogged > 0 ? ` (unlogged=${unlogged})` : ''}`);
    } else {
      this.logger.warn(
        `Event bus is degraded, events may be lost (reason=${quote(reason ?? 'unknown', Infinity)}${unloggedField(unlogged)})`,
      );
    }
  }

  subscribed(targets: readonly SubscriptionTarget[]): void {
    for (const { kind, name } of targets)
      this.logger.debug(`Subscribed (kind=${kind} target=${quote(name)})`);
  }

  keyspaceLacking(nodes: readonly string[], missing: string, setting: string): void {
    this.logger.warn(
      `Redis does not publish the key events that handlers wait for (missing=${missing} nodes=${namesOf(nodes)}). Run CONFIG SET notify-keyspace-events ${setting}, or write keyspace: { ensure: 'set' }.`,
    );
  }

  keyspaceUnknown(needed: string, reason: string): void {
    this.logger.warn(
      `Cannot see whether Redis publishes the key events that handlers wait for (needed=${needed} reason=${quote(reason)}). If it does, write keyspace: { ensure: 'off' }.`,
    );
  }

  keyspaceSet(nodes: readonly string[], flags: string): void {
    this.logger.log(`notify-keyspace-events was set (flags=${flags} nodes=${namesOf(nodes)})`);
  }

  /** Only where there is a tap: a closure for each event is not for nothing. */
  private tell(call: (tap: EventBusTap) => unknown): void {
    try {
      const told: unknown = call(this.tap as EventBusTap);
      if (isThenable(told))
        toPromise(told).catch((error: unknown) => this.listenerFailed('EventBusTap', error));
    } catch (error) {
      this.listenerFailed('EventBusTap', error);
    }
  }

  drainIncomplete(unfinished: readonly UnfinishedWork[], drainTimeoutMs: number): void {
    const names = unfinished.map(
      (work) => `${work.handler}: ${work.running} running, ${work.waiting} waiting`,
    );
    this.logger.warn(
      `Shutdown did not wait for all handlers (drainTimeoutMs=${drainTimeoutMs} unfinished=${quote(names.join('; '), Infinity)})`,
    );
  }
}

function namesOf(names: readonly string[]): string {
  const named = names
    .slice(0, MAX_NAMED)
    .map((name) => quote(name))
    .join(', ');
  return names.length > MAX_NAMED ? `${named} and ${names.length - MAX_NAMED} more` : named;
}

function unloggedField(count: number): string {
  return count > 0 ? ` unlogged=${count}` : '';
}

function whyDropped(error: unknown): string {
  if (isA(error, PayloadTooLargeError)) return 'it is too large';
  if (isA(error, GroupClaimError)) return 'its group cannot share it';
  return isA(error, PayloadInvalidError)
    ? 'its payload does not fit the contract'
    : 'its payload cannot be read';
}

function nameOf(thrown: unknown): string {
  return describeThrown(thrown).name ?? 'thrown';
}

function describe(thrown: unknown): string {
  return quote(`${nameOf(thrown)}: ${reasonOf(messageListOf(thrown) ?? thrown)}`, MAX_REASON_LENGTH);
}

/** Nest's validation pipes put what is wrong into the response, as a list. */
function messageListOf(thrown: unknown): string | undefined {
  if (!isA(thrown, HttpException)) return undefined;
  try {
    const { message } = thrown.getResponse() as { readonly message?: unknown };
    return Array.isArray(message) ? message.slice(0, MAX_MESSAGES).map(textOf).join('; ') : undefined;
  } catch {
    return undefined;
  }
}

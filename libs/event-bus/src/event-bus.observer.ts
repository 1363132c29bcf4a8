import { HttpException, Logger } from '@nestjs/common';
import type { DispatchObserver } from './dispatching/dispatch.observer.js';
import type { EventHandler } from './dispatching/event.handler.js';
import type { EventDispatcher, UnfinishedWork } from './dispatching/event.dispatcher.js';
import { PayloadInvalidError, PayloadTooLargeError, quote, reasonOf } from './errors.js';
import { HandlerFailure } from './handlers/handler.failure.js';
import type { HandlerReport } from './introspection/handler.report.js';
import type { EventContext } from './message/event-context.js';
import type { SubscriptionTarget } from './routing/subscription-target.js';
import type { TransportState } from './transports/event.transport.js';

/** Hears what a bus does; the testing kit binds one. No call may throw. */
export interface EventBusTap {
  attached(dispatcher: EventDispatcher): void;
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
  /** Messages that a handler did not get: too large, not what the codec reads, or not what the contract says. */
  rejected: number;
}

/** A line for the same trouble at most this often; the next one says how many there were. */
const EPISODE_MS = 60_000;

/** Owns every log line and every counter of one bus. */
export class EventBusObserver implements DispatchObserver {
  readonly counters: EventBusCounters = {
    published: 0,
    publishFailed: 0,
    handled: 0,
    failed: 0,
    rejected: 0,
  };

  private readonly logger: Logger;
  private rejectedUntilMs = 0;
  private rejectedUnlogged = 0;

  constructor(
    readonly bus: string,
    private readonly tap: EventBusTap | undefined,
  ) {
    this.logger = new Logger(bus === 'default' ? 'EventBus' : `EventBus:${bus}`);
  }

  published(channel: string, payload: unknown): void {
    this.counters.published += 1;
    this.tap?.onPublished(this.bus, channel, payload);
  }

  publishFailed(): void {
    this.counters.publishFailed += 1;
  }

  handled(handler: EventHandler, event: EventContext): void {
    this.counters.handled += 1;
    this.tap?.onHandled(handler.name, event);
  }

  failed(handler: EventHandler, event: EventContext, error: unknown): void {
    this.counters.failed += 1;
    const failure = error instanceof HandlerFailure ? error : new HandlerFailure('handler', error);
    const fields = `handler=${handler.name} channel=${quote(event.channel)} error=${describe(failure.cause)}`;
    const hint = failure.hint === undefined ? '' : ` ${failure.hint}`;
    const line = `${failure.sentence} (${fields})${hint}`;
    // A pipe that refuses a payload works as it should: the publisher is wrong, and our stack says nothing of it.
    if (failure.stage === 'pipe' && isClientError(failure.cause)) this.logger.warn(line);
    else this.logger.error(line, framesOf(failure.cause));
    this.tap?.onFailed(handler.name, event, failure.cause);
  }

  rejected(channel: string, error: Error): void {
    this.counters.rejected += 1;
    const nowMs = Date.now();
    if (nowMs < this.rejectedUntilMs) {
      this.rejectedUnlogged += 1;
      return;
    }
    const sentence = `A message was dropped, ${whyDropped(error)}`;
    const more = this.rejectedUnlogged > 0 ? ` unlogged=${this.rejectedUnlogged}` : '';
    this.logger.warn(`${sentence} (channel=${quote(channel)} reason=${quote(error.message)}${more})`);
    this.rejectedUntilMs = nowMs + EPISODE_MS;
    this.rejectedUnlogged = 0;
  }

  streamOverflowed(target: string | readonly string[]): void {
    this.logger.warn(
      `A stream drops events, its loop is too slow (target=${quote(String(target))}). Raise buffer.events, or do less per event.`,
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
    this.logger.warn(`Event bus starts degraded and keeps trying (reason=${JSON.stringify(error.message)})`);
  }

  stateChanged(state: TransportState, previous: TransportState | undefined): void {
    if (state.status === 'degraded' && previous?.status !== 'degraded') {
      this.logger.warn(
        `Event bus is degraded, events may be lost (reason=${quote(state.reason ?? 'unknown')})`,
      );
    } else if (
      state.status === 'connecting' &&
      state.reason !== undefined &&
      previous?.reason === undefined
    ) {
      this.logger.warn(`No connection yet, trying again (reason=${quote(state.reason)})`);
    } else if (state.status === 'ready' && previous?.status === 'degraded') {
      this.logger.log('Event bus is ready again');
    }
  }

  subscribed(targets: readonly SubscriptionTarget[]): void {
    for (const { kind, name } of targets)
      this.logger.debug(`Subscribed (kind=${kind} target=${quote(name)})`);
  }

  drainIncomplete(unfinished: readonly UnfinishedWork[], drainTimeoutMs: number): void {
    const names = unfinished.map(
      (work) => `${work.handler}: ${work.running} running, ${work.waiting} waiting`,
    );
    this.logger.warn(
      `Shutdown did not wait for all handlers (drainTimeoutMs=${drainTimeoutMs} unfinished=${JSON.stringify(names.join('; '))})`,
    );
  }
}

function whyDropped(error: Error): string {
  if (error instanceof PayloadTooLargeError) return 'it is too large';
  return error instanceof PayloadInvalidError
    ? 'its payload does not fit the contract'
    : 'its payload cannot be read';
}

function describe(cause: unknown): string {
  const reason = reasonOf(cause instanceof HttpException ? messagesOf(cause) : cause);
  return JSON.stringify(`${nameOf(cause)}: ${reason}`);
}

/** Many errors set no name of their own: their class says more than `Error`. */
function nameOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'thrown';
  try {
    return String(cause.name === 'Error' ? cause.constructor.name : cause.name);
  } catch {
    return 'Error';
  }
}

/** Nest's validation pipes put what is wrong into the response, as a list. */
function messagesOf(exception: HttpException): string {
  const response = exception.getResponse() as { message?: unknown };
  return Array.isArray(response.message) ? response.message.join('; ') : exception.message;
}

function isClientError(cause: unknown): boolean {
  return cause instanceof HttpException && cause.getStatus() < 500;
}

/** The frames alone, without control characters: the message stands, escaped, in the line itself. */
function framesOf(cause: unknown): string | undefined {
  try {
    const frames = String((cause as Partial<Error> | null | undefined)?.stack ?? '')
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
      // eslint-disable-next-line no-control-regex
      .map((line) => line.replaceAll(/[\u0000-\u001f\u007f]/g, ''));
    return frames.length > 0 ? frames.join('\n') : undefined;
  } catch {
    return undefined;
  }
}

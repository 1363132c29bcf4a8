import { windowSince } from '../clock.js';
import { withDeadline } from '../deadline.js';
import type { UnfinishedWork } from '../dispatching/event.dispatcher.js';
import type { EventHandler } from '../dispatching/event.handler.js';
import { StartupError, markLogged } from '../errors.js';
import { BusShutdown } from './bus.shutdown.js';
import type { EventBusRuntime } from './event-bus.runtime.js';
import { closePublisher } from '../publishing/event-bus.publisher.js';
import type { DescribeOwners } from './startup.refusal.js';
import { handlersOf, throwRefusal, toStartupError } from './startup.refusal.js';
import type { SubscribeOutcome } from '../transports/event.transport.js';

const ABANDONED =
  'The event bus is closed: this bus or another one of the application could not start. See the first error of the start.';

/** The life of one bus: it connects, subscribes its handlers, drains and closes. */
export class EventBusSession {
  protected isStopping = false;
  /** Another bus of the application could not start. */
  private isAbandoned = false;
  /** It started without its connection or subscriptions: nothing waits for them any more. */
  private isLate = false;
  private closing: Promise<void> | undefined;
  /** A moment, see clock.ts. */
  private readonly beganMs = performance.now();

  private readonly shutdown: BusShutdown;

  constructor(readonly runtime: EventBusRuntime) {
    this.shutdown = new BusShutdown(runtime);
  }

  /**
   * Resolves when messages can be sent; with `startup.onFailure: 'retry'` also when the time is up.
   * @throws StartupError when they cannot be sent in time. Nothing stays open then.
   */
  async connect(): Promise<void> {
    if (this.isAbandoned) throw new StartupError(ABANDONED);
    const { transport, settings, context } = this.runtime;
    context.capture();
    await this.inTime(
      transport.connect(),
      () =>
        `No connection to ${this.place} within ${settings.startup.timeoutMs} ms (${this.reason}). Start it, or correct the ${transport.addressOption ?? 'url'} of the transport; startup.onFailure: 'retry' starts without it.`,
    );
  }

  /**
   * Resolves when the broker has confirmed every subscription of the handlers; with `startup.onFailure: 'retry'` also when it
   * has not.
   * @throws StartupError when a subscription was not confirmed; it names the handlers of refused ones. Nothing stays open then.
   */
  async subscribe(handlers: readonly EventHandler[], describeOwners = handlersOf(handlers)): Promise<void> {
    if (this.isAbandoned) throw new StartupError(ABANDONED);
    const { registry } = this.runtime;
    const confirmed = registry
      .add(handlers)
      .then((outcomes) => this.started(handlers.length, outcomes, describeOwners));
    if (this.isLate) {
      confirmed.catch((error: unknown) => this.failed(error)).catch(() => undefined);
      return;
    }
    await this.inTime(confirmed, () => this.unconfirmed);
  }

  /**
   * As {@link subscribe}, for handlers that were added after the start.
   * @throws StartupError when the broker did not confirm every subscription. The bus then continues without these handlers.
   */
  async subscribeLater(handlers: readonly EventHandler[]): Promise<void> {
    const { registry, settings } = this.runtime;
    if (this.isStopping) return;
    const confirmed = registry.add(handlers).then((outcomes) => throwRefusal(outcomes, handlersOf(handlers)));
    try {
      await withDeadline(confirmed, settings.startup.timeoutMs, () => this.late(this.unconfirmed));
    } catch (error) {
      // It keeps trying.
      if (settings.startup.onFailure === 'retry') return;
      await Promise.all(handlers.map((handler) => registry.remove(handler)));
      throw toStartupError(error);
    }
  }

  /**
   * Stops receiving, then waits for the handlers. At the end the status is `closed` and streams complete; only publishing still
   * works. Returns what is left after `shutdown.drainTimeoutMs`.
   * @throws an error of a transport that cannot unsubscribe. Nothing stays open then.
   */
  async drain(): Promise<readonly UnfinishedWork[]> {
    this.isStopping = true;
    try {
      return await this.shutdown.drain();
    } catch (error) {
      // The shutdown ends here: the caller does not close the bus after an error.
      await this.close().catch(() => undefined);
      throw error;
    } finally {
      // HTTP waits for the responses that show events (SSE), and the application waits for HTTP before it closes the bus.
      this.runtime.statusSource.update({ status: 'closed' });
    }
  }

  /** Reports once why the start of the application fails, except for a bus that was closed because another one failed. */
  reportFailure(error: unknown): void {
    markLogged(error);
    if (error instanceof StartupError && error.message === ABANDONED) return;
    this.runtime.reporter.startFailed(error);
  }

  /** Warns of what a {@link drain} left. */
  warnOfUnfinished(unfinished: readonly UnfinishedWork[]): void {
    this.shutdown.warnOf(unfinished);
  }

  /** Publishes in flight settle, and nothing more is received. Idempotent. */
  close(): Promise<void> {
    this.isStopping = true;
    this.closing ??= this.end();
    return this.closing;
  }

  /**
   * Closes the bus for good, started or not: running calls are aborted, pending events are discarded. Never rejects.
   * Idempotent.
   */
  async abandon(): Promise<void> {
    this.isAbandoned = true;
    const { dispatcher, gapHandlers } = this.runtime;
    // A transport that cannot be closed must not hide why the start failed.
    const closed = this.close().catch(() => undefined);
    gapHandlers.close();
    dispatcher.abandon(new Error(ABANDONED));
    await closed;
  }

  private get place(): string {
    const { transport } = this.runtime;
    return `${transport.name} at ${transport.address}`;
  }

  private get unconfirmed(): string {
    return `${this.place} did not confirm every subscription within ${this.runtime.settings.startup.timeoutMs} ms (${this.reason}).`;
  }

  /** The time is up. The cause is the error of the connection, if there is one. */
  private late(message: string): StartupError {
    const { error } = this.runtime.transport.state;
    return new StartupError(message, error === undefined ? {} : { cause: error });
  }

  private get reason(): string {
    return this.runtime.transport.state.reason ?? 'no answer';
  }

  private async end(): Promise<void> {
    const { transport, statusSource, receiver, gaps, publisher, stuckWatch } = this.runtime;
    receiver.close();
    stuckWatch.close();
    gaps.flush();
    closePublisher(publisher);
    // The last report is sent on the connection, which is still there.
    statusSource.update({ status: 'closed' });
    try {
      await transport.close();
    } finally {
      // A bus that could not start has reported that already.
      if (!this.isAbandoned) this.shutdown.report();
    }
  }

  private async inTime(work: Promise<void>, late: () => string): Promise<void> {
    try {
      await withDeadline(work, this.runtime.settings.startup.timeoutMs, () => this.late(late()));
    } catch (error) {
      await this.failed(error);
    }
  }

  /** Fails the start, or lets the bus keep trying, depending on `startup.onFailure`. */
  private async failed(cause: unknown): Promise<void> {
    const { settings, reporter, statusSource } = this.runtime;
    if (this.isAbandoned) throw new StartupError(ABANDONED);
    const error = toStartupError(cause);
    if (settings.startup.onFailure === 'retry') {
      this.isLate = true;
      if (this.isStopping) return;
      statusSource.degrade();
      reporter.warned({
        sentence: 'Event bus starts degraded and keeps trying',
        fields: { reason: error.message },
      });
      return;
    }
    await this.abandon();
    throw error;
  }

  /** The application has been running without its subscriptions: reports that as a gap. */
  private reportLateStart(): void {
    const { gaps, registry } = this.runtime;
    const targets = new Set(registry.handlers.flatMap((handler) => handler.targets.map(({ text }) => text)));
    if (targets.size === 0) return;
    gaps.interrupted({
      reason: 'started-late',
      targets: [...targets],
      ...windowSince(this.beganMs),
    });
  }

  private started(
    handlers: number,
    outcomes: readonly SubscribeOutcome[],
    describeOwners: DescribeOwners,
  ): void {
    const { statusSource, reporter, transport } = this.runtime;
    if (this.isAbandoned) throw new StartupError(ABANDONED);
    if (this.isStopping) return;
    statusSource.start();
    if (this.isLate) this.reportLateStart();
    throwRefusal(outcomes, describeOwners);
    // A late start without subscriptions is not ready before the transport is.
    if (handlers > 0 || transport.state.status === 'ready')
      reporter.started({
        transport: transport.name,
        address: transport.address,
        handlers,
        subscriptions: transport.subscriptions().length,
      });
  }
}

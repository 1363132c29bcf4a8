import { withDeadline } from '../deadline.js';
import type { UnfinishedWork } from '../dispatching/event.dispatcher.js';
import { joinWork } from '../dispatching/unfinished.work.js';
import type { EventBusRuntime } from './event-bus.runtime.js';

/** The shutdown of one bus: handlers finish the received events, then the result is logged. */
export class BusShutdown {
  /** A moment, see clock.ts. Undefined before the shutdown. */
  private beganMs: number | undefined;
  /** Calls that were running or pending when the time was up. */
  private unfinished = 0;

  constructor(private readonly runtime: EventBusRuntime) {}

  /**
   * Stops receiving, then waits for the handlers. Returns what is left after `shutdown.drainTimeoutMs`.
   * @throws an error of a transport that cannot unsubscribe
   */
  async drain(): Promise<readonly UnfinishedWork[]> {
    this.beganMs = performance.now();
    const { receiver, dispatcher, gapHandlers, settings } = this.runtime;
    const late = new Error('drainTimeoutMs has passed');
    try {
      await withDeadline(this.allHandled(), settings.shutdown.drainTimeoutMs, () => late);
      gapHandlers.close();
      return [];
    } catch (error) {
      const notHandedOn = receiver.close();
      gapHandlers.close();
      const reconciling = gapHandlers.running.map((handler) => ({ handler, running: 1, waiting: 0 }));
      const unfinished = dispatcher.abandon(new Error('The application is shutting down.'));
      const left = [...joinWork([...unfinished, ...notHandedOn]), ...reconciling];
      this.unfinished = left.reduce((sum, { running, waiting }) => sum + running + waiting, 0);
      if (error === late) return left;
      throw error;
    }
  }

  warnOf(unfinished: readonly UnfinishedWork[]): void {
    if (unfinished.length === 0) return;
    const { reporter, settings } = this.runtime;
    const { drainTimeoutMs } = settings.shutdown;
    const names = unfinished.map(
      ({ handler, running, waiting }) => `${handler}: ${running} running, ${waiting} waiting`,
    );
    reporter.warned({
      sentence: 'Shutdown did not wait for all handlers',
      fields: { drainTimeoutMs, unfinished: names.join('; ') },
    });
  }

  /** Everything is closed. Logs nothing for a bus that was closed without a {@link drain}. */
  report(): void {
    if (this.beganMs === undefined) return;
    const { unfinished } = this;
    const tookMs = performance.now() - this.beganMs;
    this.runtime.reporter.closed({ drained: unfinished === 0, tookMs, unfinished });
  }

  private async allHandled(): Promise<void> {
    const { registry, receiver, dispatcher, gaps, gapHandlers, deadLetters } = this.runtime;
    await registry.unsubscribeAll();
    await receiver.whenIdle();
    receiver.close();
    gaps.flush();
    await dispatcher.whenIdle();
    // A handler that has caught up may just have reported a gap.
    await gapHandlers.whenIdle();
    await deadLetters.whenIdle();
  }
}

import { windowSince } from '../clock.js';
import type { GapReporter } from '../gaps/gap.reporter.js';
import type { EventContext } from '../message/event-context.js';
import type { DispatchReporter } from './dispatch.reporter.js';
import type { EventHandler } from './event.handler.js';
import type { HandlerSettings } from './handler.options.js';

/** Reports the times in which one handler is too slow: from when half of its buffer is in use until nothing waits. */
export class SlowEpisodes {
  /** Since a moment, see clock.ts. */
  private current: { readonly sinceMs: number; droppedEvents: number } | undefined;
  private dropped = 0;

  constructor(
    private readonly handler: EventHandler,
    private readonly buffer: HandlerSettings['buffer'],
    private readonly reporter: DispatchReporter,
    private readonly gaps: Pick<GapReporter, 'report'>,
  ) {}

  /** Events that found no room, since the start. */
  get droppedEvents(): number {
    return this.dropped;
  }

  /** So much will wait. At half of a limit, so that there is time to do something about it. */
  grows(waitingEvents: number, waitingBytes: number): void {
    if (this.current !== undefined) return;
    if (waitingEvents * 2 < this.buffer.events && waitingBytes * 2 < this.buffer.bytes) return;
    this.current = { sinceMs: performance.now(), droppedEvents: 0 };
    this.reporter.slowed(this.handler, waitingEvents, waitingBytes);
  }

  /** There was no room for the event. */
  drop(event: EventContext): void {
    this.dropped += 1;
    if (this.current !== undefined) this.current.droppedEvents += 1;
    this.reporter.dropped(this.handler, event);
  }

  /** Nothing waits. What was dropped is a gap. */
  end(): void {
    if (this.current === undefined) return;
    const { sinceMs, droppedEvents } = this.current;
    this.current = undefined;
    const window = windowSince(sinceMs);
    this.reporter.caughtUp(this.handler, { droppedEvents, fromMs: window.fromMs });
    if (droppedEvents === 0) return;
    this.gaps.report({
      reason: 'buffer-overflow',
      targets: this.handler.targets.map(({ text }) => text),
      ...window,
      missed: droppedEvents,
      hint: `${this.handler.name} was too slow.`,
    });
  }

  /** What waited is forgotten with the bus: nobody is left to reconcile. */
  forget(): void {
    this.current = undefined;
  }
}

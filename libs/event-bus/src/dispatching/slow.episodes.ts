import { windowSince } from '../clock.js';
import type { GapReporter } from '../gaps/gap.reporter.js';
import type { EventContext } from '../message/event-context.js';
import type { DispatchReporter } from './dispatch.reporter.js';
import type { EventHandler } from './event.handler.js';
import type { HandlerSettings } from './handler.options.js';

/** Reports the periods in which one handler falls behind: from when its buffer is half full until no event is pending. */
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

  /** Events that were dropped because the buffer was full, since the start. */
  get droppedEvents(): number {
    return this.dropped;
  }

  /** Called before an event becomes pending. Reports at half of a limit, so that there is time to react. */
  grows(waitingEvents: number, waitingBytes: number): void {
    if (this.current !== undefined) return;
    if (waitingEvents * 2 < this.buffer.events && waitingBytes * 2 < this.buffer.bytes) return;
    this.current = { sinceMs: performance.now(), droppedEvents: 0 };
    this.reporter.slowed(this.handler, waitingEvents, waitingBytes);
  }

  /** The buffer is full: the event is dropped. */
  drop(event: EventContext): void {
    this.dropped += 1;
    if (this.current !== undefined) this.current.droppedEvents += 1;
    this.reporter.dropped(this.handler, event);
  }

  /** No event is pending. The dropped events are a gap. */
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
      hint: `${this.handler.name} fell behind.`,
    });
  }

  /** The bus is closing: pending events are discarded without a report. */
  forget(): void {
    this.current = undefined;
  }
}

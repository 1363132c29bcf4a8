import type { WorkingBus } from '../module/event-bus.test-kit.js';
import type { EventContext } from '../message/event-context.js';
import type { EventBusObserver } from '../observing/event-bus.observer.js';
import type { HandledFact } from '../observing/observer.facts.js';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import { parseTarget } from '../routing/handler-target.js';
import type { MemoryBroker } from '../transports/memory/memory.broker.js';
import { withDeadline } from '../deadline.js';

/** What happened to an event: the application published it, or one of its handlers handled it or failed. */
export type RecordedStage = 'published' | 'handled' | 'failed';

/** One thing that happened to one event. */
export interface RecordedEvent {
  /** The stage that the event reached. */
  readonly stage: RecordedStage;
  /** The name of the bus. */
  readonly bus: string;
  /** The channel, without the application's prefix. */
  readonly channel: string;
  /** For published events the payload as passed to `publish`, otherwise as the codec decoded it. */
  readonly payload: unknown;
  /** `OrderNotifier.notify`. Absent for published events. */
  readonly handler?: string | undefined;
  /** Absent for published events. */
  readonly event?: EventContext | undefined;
  /** What the handler threw. Only for failed events. */
  readonly error?: unknown;
}

/** Options of {@link EventRecorder.waitFor}. */
export interface WaitForOptions {
  /** Only events of this stage. By default any. */
  readonly stage?: RecordedStage | undefined;
  /** Waits for this many events, and returns the last of them. @default 1 */
  readonly count?: number | undefined;
  /** How long it waits, in milliseconds. @default 5000 */
  readonly timeoutMs?: number | undefined;
}

const NO_PREFIX = new ChannelPrefix('');

/** Records what every bus of an application published and handled, in order. */
export class EventRecorder {
  /** @internal */
  readonly observer: EventBusObserver = {
    published: ({ bus, channel, payload }) => this.record({ stage: 'published', bus, channel, payload }),
    handled: (fact) => this.record({ stage: 'handled', ...recordOf(fact) }),
    failed: (fact) => this.record({ stage: 'failed', ...recordOf(fact), error: fact.error }),
  };
  private readonly records: RecordedEvent[] = [];
  private readonly buses: WorkingBus[] = [];
  private listeners: (() => void)[] = [];

  constructor(private readonly broker: MemoryBroker) {}

  /**
   * All records, in order. An event is recorded as published when the broker has accepted it; a handler may have handled it
   * before that.
   */
  get events(): readonly RecordedEvent[] {
    return [...this.records];
  }

  /** The events that the application published. */
  get published(): readonly RecordedEvent[] {
    return this.of('published');
  }

  /** The events that its handlers handled: one record per handler and event. */
  get handled(): readonly RecordedEvent[] {
    return this.of('handled');
  }

  /** The events that its handlers failed to handle. */
  get failed(): readonly RecordedEvent[] {
    return this.of('failed');
  }

  /**
   * Resolves with the first recorded event whose channel is this one or matches this Redis glob, also if it was recorded before
   * the call.
   * @throws Error with what was recorded instead, if there was none within `timeoutMs`.
   */
  async waitFor(target: string, options: WaitForOptions = {}): Promise<RecordedEvent> {
    const { stage, count = 1, timeoutMs = 5_000 } = options;
    const wanted = parseTarget(target, NO_PREFIX);
    const find = () =>
      this.records.filter(
        (record) => (stage === undefined || record.stage === stage) && wanted.matches(record.channel),
      )[count - 1];
    let isOver = false;
    const found = (async () => {
      for (;;) {
        const record = find();
        if (record !== undefined || isOver) return record as RecordedEvent;
        await new Promise<void>((resolve) => this.listeners.push(resolve));
      }
    })();
    try {
      return await withDeadline(found, timeoutMs, () => {
        const seen =
          this.records.map((record) => `${record.stage} ${record.channel}`).join(', ') || 'nothing';
        return new Error(
          `No ${stage ?? 'event'} on ${target} within ${timeoutMs} ms. Recorded so far: ${seen}.`,
        );
      });
    } finally {
      isOver = true;
      this.wake();
    }
  }

  /**
   * Resolves when every published event has been delivered and all handlers are done, including events that handlers published
   * themselves. With a real transport it does not know which events are in flight: it waits only for the handlers.
   */
  async settled(): Promise<void> {
    do {
      await this.broker.whenIdle();
      await Promise.all(this.buses.map((bus) => bus.whenIdle()));
    } while (!this.broker.isIdle);
  }

  /** Deletes all records. */
  clear(): void {
    this.records.length = 0;
  }

  /** @internal */
  attached(bus: WorkingBus): void {
    this.buses.push(bus);
  }

  private of(stage: RecordedStage): readonly RecordedEvent[] {
    return this.records.filter((record) => record.stage === stage);
  }

  private record(record: RecordedEvent): void {
    this.records.push(record);
    this.wake();
  }

  private wake(): void {
    for (const listener of this.listeners.splice(0)) listener();
  }
}

function recordOf({ bus, handler, event }: HandledFact): Omit<RecordedEvent, 'stage'> {
  const { channel, payload } = event;
  return { bus, channel, payload, handler, event };
}

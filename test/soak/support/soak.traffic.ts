import { NotConnectedError, PublishUnconfirmedError } from 'nestjs-redis-event-bus';
import { eventually } from '../../support/eventually.js';
import { CHANNELS } from './soak-channels.js';

/** What travels. `n` counts every attempt on the channel, from 1. */
export interface SoakEvent {
  readonly channel: string;
  readonly n: number;
}

/** One publish, and what the publisher said became of it. */
export interface PublishedEvent extends SoakEvent {
  readonly sentAtMs: number;
  /** Undefined while it is not known. */
  settledAtMs: number | undefined;
  outcome: 'accepted' | 'unconfirmed' | 'not sent' | undefined;
}

const EVENTS_PER_SECOND = 200;
const TICK_MS = 10;

/** Publishes numbered events at a steady rate, each channel in turn, and waits for none of them. */
export class SoakTraffic {
  /** Every attempt, in order. */
  readonly events: PublishedEvent[] = [];
  /** Rejections that say nothing of whether the event was sent. */
  readonly surprises: unknown[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly open = new Set<Promise<unknown>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly send: (channel: string, payload: SoakEvent) => Promise<unknown>) {}

  start(): void {
    const startedAtMs = performance.now();
    let sent = 0;
    this.timer = setInterval(() => {
      const due = ((performance.now() - startedAtMs) * EVENTS_PER_SECOND) / 1_000;
      for (; sent < due; sent += 1) void this.publish(CHANNELS[sent % CHANNELS.length] as string);
    }, TICK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Resolves when what became of every event is known. */
  async settled(): Promise<void> {
    await Promise.all(this.open);
  }

  /** Resolves with one more event on each channel, accepted by Redis. */
  publishToAll(): Promise<readonly SoakEvent[]> {
    return Promise.all(
      CHANNELS.map((channel) =>
        eventually(async () => {
          const event = await this.publish(channel);
          expect(event.outcome).toBe('accepted');
          return event;
        }),
      ),
    );
  }

  private publish(channel: string): Promise<PublishedEvent> {
    const n = (this.numbers.get(channel) ?? 0) + 1;
    this.numbers.set(channel, n);
    const event: PublishedEvent = {
      channel,
      n,
      sentAtMs: Date.now(),
      settledAtMs: undefined,
      outcome: undefined,
    };
    this.events.push(event);
    const settled = this.outcomeOf(event).then((outcome) => {
      event.outcome = outcome;
      event.settledAtMs = Date.now();
      this.open.delete(settled);
      return event;
    });
    this.open.add(settled);
    return settled;
  }

  private async outcomeOf({ channel, n }: SoakEvent): Promise<PublishedEvent['outcome']> {
    try {
      await this.send(channel, { channel, n });
      return 'accepted';
    } catch (error) {
      if (error instanceof NotConnectedError) return 'not sent';
      if (!(error instanceof PublishUnconfirmedError)) this.surprises.push(error);
      return 'unconfirmed';
    }
  }
}

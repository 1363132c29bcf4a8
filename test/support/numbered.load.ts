import { PublishRefusedError, PublishUnconfirmedError } from 'nestjs-redis-event-bus';
import type { EventuallyOptions } from './eventually.js';
import { eventually } from './eventually.js';

export interface Numbered {
  readonly channel: string;
  readonly number: number;
}

/** The publisher of a bus, or whoever else takes an event to Redis and rejects when that failed. */
export interface NumberedPublisher {
  publish(channel: string, event: Numbered, options: Pick<NumberedLoadOptions, 'kind'>): Promise<unknown>;
}

export interface NumberedLoadOptions {
  readonly kind: 'channel' | 'shard';
  readonly channels: readonly string[];
  /** @default 5 */
  readonly everyMs?: number;
}

/**
 * Numbered events on several channels at a steady rate; knows what became of each, and of those that were heard, which were not
 * meant to be.
 */
export class NumberedLoad {
  readonly heard: Numbered[] = [];
  /** Redis has them, or may have them: they bear a number of the codec. */
  private readonly sent = new Set<string>();
  /** They were rejected as not sent. */
  private readonly unsent = new Set<string>();
  unconfirmed = 0;
  private slowestMs = 0;
  private readonly numbers = new Map<string, number>();
  private readonly pending = new Set<Promise<unknown>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly publisher: NumberedPublisher,
    private readonly options: NumberedLoadOptions,
  ) {}

  /** Of a handler. */
  readonly hear = (event: Numbered): void => {
    this.heard.push(event);
  };

  start(): void {
    this.timer = setInterval(() => {
      for (const channel of this.options.channels) void this.publish(channel);
    }, this.options.everyMs ?? 5);
  }

  /** Resolves when new events were heard on each channel. */
  async flows(options?: EventuallyOptions): Promise<void> {
    const from = this.heard.length;
    await eventually(() => {
      const channels = new Set(this.heard.slice(from).map(({ channel }) => channel));
      expect(channels.size).toBe(this.options.channels.length);
    }, options);
  }

  /**
   * Ends with one event on each channel that Redis has accepted, so that what is missing before it shows. Idempotent.
   *
   * @throws when some are not settled in time, or no event is accepted any more
   */
  async stop(options?: EventuallyOptions): Promise<void> {
    if (this.timer === undefined) return;
    this.end();
    await eventually(() => expect(this.pending.size).toBe(0), options);
    for (const channel of this.options.channels) {
      await eventually(async () => expect(await this.publish(channel)).toBe(true), options);
    }
  }

  /** Publishes nothing more. Idempotent. */
  end(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Whatever became of them. */
  get published(): number {
    return this.sent.size + this.unsent.size + this.pending.size;
  }

  get account() {
    const heard = this.heard.map(keyOf);
    const distinct = new Set(heard);
    return {
      /** The last event on each channel was heard. */
      isComplete: [...this.numbers].every(([channel, number]) => distinct.has(keyOf({ channel, number }))),
      sent: this.sent.size,
      unsent: this.unsent.size,
      unconfirmed: this.unconfirmed,
      /** Nobody has said what became of them. */
      unsettled: this.pending.size,
      /** The longest time after which somebody said it. */
      slowestMs: this.slowestMs,
      lost: [...this.sent].filter((key) => !distinct.has(key)).length,
      repeated: heard.length - distinct.size,
      heardThoughUnsent: heard.filter((key) => this.unsent.has(key)).length,
      outOfOrder: this.outOfOrder,
    };
  }

  private get outOfOrder(): number {
    const latest = new Map<string, number>();
    let count = 0;
    for (const { channel, number } of this.heard) {
      if (number < (latest.get(channel) ?? 0)) count += 1;
      latest.set(channel, number);
    }
    return count;
  }

  /** Resolves with false when Redis did not confirm it. */
  private publish(channel: string): Promise<boolean> {
    const number = (this.numbers.get(channel) ?? 0) + 1;
    this.numbers.set(channel, number);
    const event = { channel, number };
    const publishedAtMs = performance.now();
    const settled = this.publisher.publish(channel, event, { kind: this.options.kind }).then(
      () => {
        this.sent.add(keyOf(event));
        return true;
      },
      (error: unknown) => {
        const isUnconfirmed = error instanceof PublishUnconfirmedError;
        if (isUnconfirmed) this.unconfirmed += 1;
        const bearsNumber = isUnconfirmed || error instanceof PublishRefusedError;
        (bearsNumber ? this.sent : this.unsent).add(keyOf(event));
        return false;
      },
    );
    this.pending.add(settled);
    void settled.then(() => {
      this.pending.delete(settled);
      this.slowestMs = Math.max(this.slowestMs, performance.now() - publishedAtMs);
    });
    return settled;
  }
}

function keyOf({ channel, number }: Numbered): string {
  return `${channel} ${number}`;
}

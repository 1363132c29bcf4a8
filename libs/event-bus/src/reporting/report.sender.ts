import type { PublishOutcome } from '../transports/event.transport.js';
import { HELLO_EVERY_MS, REPORT_EVERY_MS } from './report.js';

/** What is said, made when it is sent. */
export interface Speech {
  hello(): string;
  report(): string;
  bye(): string;
}

/** Where it goes, and who is told about it. */
export interface ReportLink {
  /** Calls `settled` at most once, possibly before it returns. */
  send(body: string, settled: (outcome: PublishOutcome) => void): void;
  /** Whether somebody listens has changed. */
  watched(isWatched: boolean): void;
  /** @returns whether the connection is to blame, which may be back soon, and not a refusal */
  failed(error: unknown): boolean;
}

/** A clock and its timers. */
export interface SenderClock {
  now(): number;
  /** @returns a function that cancels it */
  after(ms: number, act: () => void): () => void;
}

const RETRY_EVERY_MS = 30_000;
/** What happens in a burst is told together. */
const MIN_PAUSE_MS = 100;

/**
 * Says hello while the broker counts no listener, and reports while it does. One message is on the way at a time, and one that is
 * not answered is given up after 30 seconds.
 */
export class ReportSender {
  private isWatched = false;
  private isFailing = false;
  private isClosed = false;
  /** Something happened while a message was on the way. */
  private isUrgent = false;
  private isSending = false;
  private sentAtMs = -Infinity;
  private sent = 0;
  private cancel: () => void = () => undefined;

  constructor(
    private readonly speech: Speech,
    private readonly link: ReportLink,
    private readonly clock: SenderClock,
  ) {}

  /** Something happened that is to be told at once. */
  tell(): void {
    if (this.isSending) this.isUrgent = true;
    else if (!this.isFailing) this.tellSoon();
  }

  /** Messages can be sent again: tries again at once. */
  linkRestored(): void {
    this.isFailing = false;
    this.tell();
  }

  /** Says bye, and nothing after it. Waits for nothing. Idempotent. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.cancel();
    if (this.sent > 0) this.post(() => this.speech.bye());
  }

  private tellSoon(): void {
    this.schedule(Math.max(0, this.sentAtMs + MIN_PAUSE_MS - this.clock.now()));
  }

  private schedule(ms: number): void {
    this.cancel();
    if (!this.isClosed) this.cancel = this.clock.after(ms, () => this.next());
  }

  private next(): void {
    this.isUrgent = false;
    this.sentAtMs = this.clock.now();
    this.schedule(RETRY_EVERY_MS);
    this.isSending = true;
    this.post(() => (this.isWatched ? this.speech.report() : this.speech.hello()));
  }

  private post(text: () => string): void {
    this.sent += 1;
    const number = this.sent;
    const settled = (outcome: PublishOutcome) => {
      // One that was given up may be answered after all.
      if (number === this.sent) this.settled(outcome);
    };
    try {
      this.link.send(text(), settled);
    } catch (error) {
      settled({ error: error as Error });
    }
  }

  private settled(outcome: PublishOutcome): void {
    this.isSending = false;
    if (this.isClosed) return;
    if ('error' in outcome) {
      this.isFailing = true;
      this.watch(false);
      this.schedule(this.link.failed(outcome.error) ? HELLO_EVERY_MS : RETRY_EVERY_MS);
      return;
    }
    this.isFailing = false;
    const isNew = this.watch(outcome.subscriptions > 0) && this.isWatched;
    const everyMs = this.isWatched ? REPORT_EVERY_MS : HELLO_EVERY_MS;
    if (isNew) this.schedule(0);
    else if (this.isUrgent) this.tellSoon();
    else this.schedule(Math.max(0, this.sentAtMs + everyMs - this.clock.now()));
  }

  /** @returns whether that is new */
  private watch(isWatched: boolean): boolean {
    if (isWatched === this.isWatched) return false;
    this.isWatched = isWatched;
    this.link.watched(isWatched);
    return true;
  }
}

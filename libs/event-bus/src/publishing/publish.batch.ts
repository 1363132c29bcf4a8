import { isThenable, reasonOf } from '../foreign.js';
import type { EventTransport, OutgoingMessage, PublishOutcome } from '../transports/event.transport.js';
import type { Deadline, PublishDeadlines } from './publish.deadlines.js';

/** One message to send: the event of one call, or of several. */
export interface BatchEntry {
  readonly message: OutgoingMessage;
  /** How long the broker's reply may take, in milliseconds: the shortest timeout of its calls. */
  readonly timeoutMs: number;
  /** Takes the broker's reply. */
  answer(outcome: PublishOutcome): void;
  /** Stops waiting: it is unknown whether it was delivered. */
  giveUp(cause: unknown): void;
  /** Gives up the calls whose timeout has passed. @returns the shortest timeout of the others, or Infinity. */
  expire(elapsedMs: number, transport: string): number;
}

/**
 * The messages that a transport gets in one call. Each entry is answered once, even where an application's transport breaks
 * its contract; an entry without a reply in time is given up.
 */
export class PublishBatch {
  private openCount: number;
  private deadline: Deadline | undefined;

  /** @param open an answered entry is replaced with undefined */
  constructor(
    private readonly transport: EventTransport,
    private readonly open: (BatchEntry | undefined)[],
    private readonly deadlines: PublishDeadlines,
  ) {
    this.openCount = open.length;
  }

  /** Never throws. */
  handOver(): void {
    const messages: OutgoingMessage[] = [];
    let timeoutMs = Infinity;
    for (const entry of this.open as BatchEntry[]) {
      messages.push(entry.message);
      if (entry.timeoutMs < timeoutMs) timeoutMs = entry.timeoutMs;
    }
    try {
      const sending: unknown = this.transport.publish(messages, this.settled);
      if (sending !== undefined && isThenable(sending)) void this.watch(sending);
    } catch (error) {
      this.end(`threw in publish(): ${reasonOf(error)}`, error);
    }
    // What is settled by now needs none, and nothing waits for it to be written.
    if (this.openCount > 0) this.deadline = this.deadlines.add(timeoutMs, this);
  }

  /** Gives up the entries whose timeout has passed. @param elapsedMs since the hand-over */
  expire(elapsedMs: number): void {
    let nextMs = Infinity;
    for (const entry of this.open)
      if (entry) nextMs = Math.min(nextMs, entry.expire(elapsedMs, this.transport.name));
    if (nextMs < Infinity) this.deadline = this.deadlines.add(nextMs, this, elapsedMs);
  }

  private readonly settled = (index: number, given: PublishOutcome): void => {
    const entry = typeof index === 'number' ? this.take(index) : undefined;
    // Already settled, or no message of this batch.
    if (entry === undefined) return;
    const outcome = outcomeIn(given);
    if (outcome !== undefined) entry.answer(outcome);
    else entry.giveUp(this.fault('settled a message with neither subscriptions nor an error'));
  };

  private async watch(sending: PromiseLike<unknown>): Promise<void> {
    try {
      await sending;
      this.end('ended publish() without settling every message');
    } catch (error) {
      this.end(`rejected in publish(): ${reasonOf(error)}`, error);
    }
  }

  /** Gives up all open entries. */
  private end(what: string, cause?: unknown): void {
    for (let index = 0; this.openCount > 0 && index < this.open.length; index += 1)
      this.take(index)?.giveUp(this.fault(what, cause));
  }

  private take(index: number): BatchEntry | undefined {
    const entry = this.open[index];
    if (entry === undefined) return undefined;
    this.open[index] = undefined;
    this.openCount -= 1;
    if (this.openCount === 0 && this.deadline !== undefined) this.deadlines.remove(this.deadline);
    return entry;
  }

  private fault(what: string, cause?: unknown): Error {
    return new Error(`the ${this.transport.name} transport ${what}`, { cause });
  }
}

/** An application's transport may report anything, e.g. `error: undefined`. Undefined for what is no outcome. */
function outcomeIn(given: PublishOutcome): PublishOutcome | undefined {
  try {
    const { error, subscriptions } = given as { readonly error?: Error; readonly subscriptions?: number };
    if (error !== undefined) return typeof error.message === 'string' ? { error } : undefined;
    if (typeof subscriptions !== 'number') return undefined;
    return 'error' in given ? { subscriptions } : given;
  } catch {
    return undefined;
  }
}

import { isThenable, propertyOf, reasonOf } from '../foreign.js';
import type { EventTransport, OutgoingMessage, PublishOutcome } from '../transports/event.transport.js';
import type { BatchEntry } from './publish.call.js';

/**
 * What a transport is given in one call. Each entry is answered once, also where a transport of the application's own breaks
 * its contract; what that forgets without a word is left to its deadline.
 */
export class PublishBatch {
  /** An entry that is answered leaves its place empty. */
  private readonly open: (BatchEntry | undefined)[];
  private openCount: number;

  constructor(
    private readonly transport: EventTransport,
    entries: readonly BatchEntry[],
    /** Called once, when all are answered. */
    private readonly answered: () => void,
  ) {
    this.open = [...entries];
    this.openCount = entries.length;
  }

  /** Never throws. */
  handOver(): void {
    const messages = (this.open as BatchEntry[]).map(handOver);
    try {
      const sending: unknown = this.transport.publish(messages, this.settled);
      if (sending !== undefined && isThenable(sending)) void this.watch(sending);
    } catch (error) {
      this.end(`threw in publish(): ${reasonOf(error)}`, error);
    }
  }

  private readonly settled = (index: number, given: PublishOutcome): void => {
    const entry = typeof index === 'number' ? this.take(index) : undefined;
    // Settled before, or no message of this batch.
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

  /** What is open now will have no answer. */
  private end(what: string, cause?: unknown): void {
    for (let index = 0; this.openCount > 0 && index < this.open.length; index += 1)
      this.take(index)?.giveUp(this.fault(what, cause));
  }

  private take(index: number): BatchEntry | undefined {
    const entry = this.open[index];
    if (entry === undefined) return undefined;
    this.open[index] = undefined;
    this.openCount -= 1;
    if (this.openCount === 0) this.answered();
    return entry;
  }

  private fault(what: string, cause?: unknown): Error {
    return new Error(`the ${this.transport.name} transport ${what}`, { cause });
  }
}

function handOver(entry: BatchEntry): OutgoingMessage {
  return entry.handOver();
}

/** A transport of the application's own may say anything, and name an error that there is not. Undefined for no outcome. */
function outcomeIn(given: PublishOutcome): PublishOutcome | undefined {
  const error = propertyOf(given, 'error');
  if (error !== undefined)
    return typeof propertyOf(error, 'message') === 'string' ? { error: error as Error } : undefined;
  const subscriptions = propertyOf(given, 'subscriptions');
  if (typeof subscriptions !== 'number') return undefined;
  return 'error' in given ? { subscriptions } : given;
}

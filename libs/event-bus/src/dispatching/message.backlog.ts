// From the module, not the global: fake timers must not delay received messages.
import { setImmediate } from 'node:timers';
import { Fifo } from './fifo.js';

/** How many events of long frames are passed on before timers and sockets get their turn. */
export const RECORDS_PER_TURN = 500;
/** The limit of the backlog, which is in memory twice. Above it, nothing more is read before some of it is passed on. */
const MAX_BYTES = 16 * 1024 * 1024;
/** The approximate overhead of a message. */
const MESSAGE_BYTES = 256;

/** A message, or the rest of one, that is passed on record by record. */
export interface BackloggedMessage {
  readonly records: number;
  readonly bytes: number;
  /** The handlers of its events. */
  readonly handlers: readonly { readonly name: string }[];
  /** Must not throw. */
  handOn(record: number): void;
}

interface Entry {
  readonly message: BackloggedMessage;
  /** Records before this one have been passed on, or are being passed on. */
  next: number;
}

/**
 * Received messages that are pending: the rest of a long frame, and every message behind it, in order of arrival. Each turn of
 * the event loop passes on {@link RECORDS_PER_TURN} records, and as many more as short messages have added meanwhile, so that
 * the backlog ends at any rate. Nothing is dropped: above the limit, messages are passed on at once.
 */
export class MessageBacklog {
  /** Also false while the last record is being passed on. */
  isEmpty = true;
  private entries = new Fifo<Entry>();
  /** The first entry, which may have been passed on in part. */
  private head: Entry | undefined;
  private byteCount = 0;
  private extra = 0;
  private isScheduled = false;
  private isRunning = false;
  private idleListeners: (() => void)[] = [];

  /** Passes on the first records of a long message at once if nothing is pending before it. */
  add(message: BackloggedMessage): void {
    const isFirst = this.isEmpty;
    const entry: Entry = { message, next: 0 };
    if (isFirst) this.head = entry;
    else this.entries.push(entry);
    this.isEmpty = false;
    this.byteCount += weightOf(message);
    if (isFirst) this.handOn(RECORDS_PER_TURN);
    else this.extra += Math.min(message.records, RECORDS_PER_TURN);
    while (!this.isRunning && this.byteCount > MAX_BYTES && this.entries.length > 0)
      this.handOn(RECORDS_PER_TURN);
    this.schedule();
  }

  /** Resolves when nothing is pending. */
  async whenIdle(): Promise<void> {
    while (!this.isEmpty) await new Promise<void>((resolve) => this.idleListeners.push(resolve));
  }

  /** Discards the pending messages, and returns them. */
  clear(): readonly { readonly message: BackloggedMessage; readonly left: number }[] {
    const forgotten = [];
    for (let entry = this.head; entry !== undefined; entry = this.entries.shift()) {
      forgotten.push({ message: entry.message, left: entry.message.records - entry.next });
    }
    this.head = undefined;
    this.byteCount = 0;
    this.endIfEmpty();
    return forgotten;
  }

  private schedule(): void {
    if (this.isEmpty || this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      const records = RECORDS_PER_TURN + this.extra;
      this.extra = 0;
      this.handOn(records);
      this.schedule();
    });
  }

  private handOn(records: number): void {
    // A handler may cause the next message during the call.
    if (this.isRunning) return;
    this.isRunning = true;
    for (let left = records; left > 0 && this.head !== undefined; left -= 1) {
      const { head } = this;
      head.next += 1;
      head.message.handOn(head.next - 1);
      if (this.head !== head || head.next < head.message.records) continue;
      this.byteCount -= weightOf(head.message);
      this.head = this.entries.shift();
    }
    this.isRunning = false;
    this.endIfEmpty();
  }

  private endIfEmpty(): void {
    if (this.head !== undefined) return;
    this.isEmpty = true;
    this.extra = 0;
    for (const listener of this.idleListeners.splice(0)) listener();
  }
}

function weightOf({ bytes }: BackloggedMessage): number {
  return bytes + MESSAGE_BYTES;
}

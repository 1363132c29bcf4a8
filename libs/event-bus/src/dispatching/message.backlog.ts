// From the module, not the global: fake timers must not hold up what came in.
import { setImmediate } from 'node:timers';
import { Fifo } from './fifo.js';

/** So many events of long frames are handed on before timers and sockets get their turn. */
export const RECORDS_PER_TURN = 500;
/** What came in is in memory twice when this much waits: from here on nothing more comes in before some of it is handed on. */
const MAX_BYTES = 16 * 1024 * 1024;
/** What a message takes beside its bytes, about. */
const MESSAGE_BYTES = 256;

/** A message, or the rest of one, that is handed on record by record. */
export interface BackloggedMessage {
  readonly records: number;
  readonly bytes: number;
  /** Those who get them. */
  readonly handlers: readonly { readonly name: string }[];
  /** Must not throw. */
  handOn(record: number): void;
}

interface Entry {
  readonly message: BackloggedMessage;
  /** Records before it were handed on, or are being so. */
  next: number;
}

/**
 * What came in and waits for its turn: the rest of a long frame, and every message behind it, in the order in which they
 * came. Each turn of the event loop hands on {@link RECORDS_PER_TURN} records, and as many more as short messages have
 * brought meanwhile, so that it ends however many come. Nothing is dropped: when too much waits, it is handed on at once.
 */
export class MessageBacklog {
  /** Also false while its last record is being handed on. */
  isEmpty = true;
  private entries = new Fifo<Entry>();
  /** The first of them, which may have been handed on in part. */
  private head: Entry | undefined;
  private byteCount = 0;
  private extra = 0;
  private isScheduled = false;
  private isRunning = false;
  private idleListeners: (() => void)[] = [];

  /** A long message's first records are handed on at once where nothing waits before it. */
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

  /** Resolves when nothing waits. */
  async whenIdle(): Promise<void> {
    while (!this.isEmpty) await new Promise<void>((resolve) => this.idleListeners.push(resolve));
  }

  /** Forgets what waits, and returns it. */
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
    // Whoever gets a record may cause the next message in the call.
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

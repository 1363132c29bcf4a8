import { Fifo } from './fifo.js';

/** Events with one key, which are handled one at a time. */
interface Lane<T> {
  readonly key: unknown;
  /** The oldest pending entry; undefined if there is none. */
  first: Entry<T> | undefined;
  last: Entry<T> | undefined;
  isBusy: boolean;
}

/** A pending item. */
export interface WaitingEvent<T> {
  readonly item: T;
  /** The memory that it is counted with, see MemoryBudget. */
  readonly weight: number;
  /** Passed to {@link WaitingEvents.giveBack} when the item is done. */
  readonly key: unknown;
}

interface Entry<T> extends WaitingEvent<T> {
  readonly bytes: number;
  readonly lane: Lane<T>;
  /** The next one in its lane. */
  next: Entry<T> | undefined;
  older: Entry<T> | undefined;
  newer: Entry<T> | undefined;
}

/** How many empty lanes may stay in `ready` before they are removed. */
const SPARE_LANES = 1_024;

/**
 * The pending items of one handler. Items with the same key are taken one at a time, in the order they were added, and
 * different keys in turns; items without a key in the order they were added. Pure, and bounded by its owner.
 */
export class WaitingEvents<T> {
  private readonly lanes = new Map<unknown, Lane<T>>();
  /** Lanes that have an item and are not busy. A lane whose items were all dropped may still be in it. */
  private ready = new Fifo<Lane<T>>();
  private oldest: Entry<T> | undefined;
  private newest: Entry<T> | undefined;
  private itemCount = 0;
  private byteCount = 0;

  get length(): number {
    return this.itemCount;
  }

  get bytes(): number {
    return this.byteCount;
  }

  /** Keys with a running or pending item. */
  get keyCount(): number {
    return this.lanes.size;
  }

  /** Whether an item with this key has to wait for another one. */
  isBusy(key: unknown): boolean {
    return key !== undefined && this.lanes.has(key);
  }

  /** Makes the key busy until it is given back. Only for a key that is not busy, even if items of it are pending. */
  occupy(key: unknown): void {
    if (key !== undefined) this.laneFor(key).isBusy = true;
  }

  add(item: T, bytes: number, key: unknown, weight = 0): void {
    const lane = this.laneFor(key);
    const entry: Entry<T> = {
      item,
      bytes,
      weight,
      key,
      lane,
      next: undefined,
      older: this.newest,
      newer: undefined,
    };
    if (this.newest === undefined) this.oldest = entry;
    else this.newest.newer = entry;
    this.newest = entry;
    this.itemCount += 1;
    this.byteCount += bytes;
    if (lane.last !== undefined) lane.last.next = entry;
    else {
      lane.first = entry;
      if (!lane.isBusy) this.ready.push(lane);
    }
    lane.last = entry;
  }

  /** The item that {@link take} would return, without taking it. */
  peek(): T | undefined {
    for (let lane = this.ready.peek(); lane !== undefined; lane = this.ready.peek()) {
      if (lane.first !== undefined) return lane.first.item;
      this.ready.shift();
    }
    return undefined;
  }

  /** Takes the next item that may start; its key is busy from now on. Undefined if none may start. */
  take(): WaitingEvent<T> | undefined {
    for (let lane = this.ready.shift(); lane !== undefined; lane = this.ready.shift()) {
      const entry = lane.first;
      // A lane that became busy meanwhile returns with its key.
      if (entry === undefined || lane.isBusy) continue;
      this.takeOut(entry);
      lane.isBusy = true;
      return entry;
    }
    return undefined;
  }

  /** The item with this key is done, see {@link occupy} and {@link take}. */
  giveBack(key: unknown): void {
    const lane = key === undefined ? undefined : this.lanes.get(key);
    if (lane === undefined) return;
    lane.isBusy = false;
    if (lane.first !== undefined) this.ready.push(lane);
    else this.lanes.delete(key);
  }

  /** Takes out the oldest item: it is the first of its lane. */
  dropOldest(): WaitingEvent<T> | undefined {
    const entry = this.oldest;
    if (entry === undefined) return undefined;
    const { lane } = entry;
    this.takeOut(entry);
    if (lane.first === undefined && !lane.isBusy && lane.key !== undefined) this.lanes.delete(lane.key);
    if (this.ready.length > 2 * this.itemCount + SPARE_LANES) this.forgetEmptyLanes();
    return entry;
  }

  /** While nothing can start, take() does not remove the lanes whose items were dropped. */
  private forgetEmptyLanes(): void {
    const ready = new Fifo<Lane<T>>();
    for (let lane = this.ready.shift(); lane !== undefined; lane = this.ready.shift())
      if (lane.first !== undefined) ready.push(lane);
    this.ready = ready;
  }

  private laneFor(key: unknown): Lane<T> {
    if (key === undefined) return this.newLane(undefined, false);
    let lane = this.lanes.get(key);
    if (lane === undefined) {
      lane = this.newLane(key, false);
      this.lanes.set(key, lane);
    }
    return lane;
  }

  private newLane(key: unknown, isBusy: boolean): Lane<T> {
    return { key, first: undefined, last: undefined, isBusy };
  }

  /** The entry is the first of its lane. */
  private takeOut(entry: Entry<T>): void {
    const { lane, older, newer } = entry;
    lane.first = entry.next;
    if (lane.first === undefined) lane.last = undefined;
    if (older === undefined) this.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.newest = older;
    else newer.older = older;
    // An old entry that still points to newer ones would keep them alive until the next full collection.
    entry.older = undefined;
    entry.newer = undefined;
    entry.next = undefined;
    this.itemCount -= 1;
    this.byteCount -= entry.bytes;
  }
}

import { Fifo } from './fifo.js';

/** Events with one key, which go one at a time. */
interface Lane<T> {
  readonly key: unknown;
  /** The one that has waited longest; undefined when nothing waits. */
  first: Entry<T> | undefined;
  last: Entry<T> | undefined;
  isBusy: boolean;
}

interface Entry<T> {
  readonly item: T;
  readonly bytes: number;
  readonly lane: Lane<T>;
  /** In its lane. */
  next: Entry<T> | undefined;
  older: Entry<T> | undefined;
  newer: Entry<T> | undefined;
}

/** So many lanes without items are not worth the walk. */
const SPARE_LANES = 1_024;

/** Given out by {@link WaitingEvents.take}, and given back when the item is done. */
export type LaneTicket = object | undefined;

/**
 * What waits for one handler. Items with the same key come out one at a time, in the order they went in, different keys
 * in turns; those without a key as they came. Pure, and bounded by whoever fills it.
 */
export class WaitingEvents<T> {
  private readonly lanes = new Map<unknown, Lane<T>>();
  /** Lanes that have something and are not busy. A lane whose items were all dropped may still stand here. */
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

  /** Keys of which something runs or waits. */
  get keyCount(): number {
    return this.lanes.size;
  }

  /** Whether an item with this key would have to wait for another one. */
  isBusy(key: unknown): boolean {
    return key !== undefined && this.lanes.has(key);
  }

  /** The key is busy until the ticket is given back. Only for keys that are not, whatever waits with them. */
  occupy(key: unknown): LaneTicket {
    if (key === undefined) return undefined;
    const lane = this.laneFor(key);
    lane.isBusy = true;
    return lane;
  }

  add(item: T, bytes: number, key: unknown): void {
    const lane = this.laneFor(key);
    const entry: Entry<T> = { item, bytes, lane, next: undefined, older: this.newest, newer: undefined };
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

  /** What {@link take} would return, left where it is. */
  peek(): T | undefined {
    for (let lane = this.ready.peek(); lane !== undefined; lane = this.ready.peek()) {
      if (lane.first !== undefined) return lane.first.item;
      this.ready.shift();
    }
    return undefined;
  }

  /** The next item that may start; its key is busy from now on. Undefined when everything waits for something. */
  take(): { readonly item: T; readonly ticket: LaneTicket } | undefined {
    for (let lane = this.ready.shift(); lane !== undefined; lane = this.ready.shift()) {
      const entry = lane.first;
      // One that was occupied meanwhile comes back with its ticket.
      if (entry === undefined || lane.isBusy) continue;
      this.takeOut(entry);
      lane.isBusy = true;
      return { item: entry.item, ticket: lane };
    }
    return undefined;
  }

  /** The item that was taken with this ticket is done. */
  giveBack(ticket: LaneTicket): void {
    if (ticket === undefined) return;
    const lane = ticket as Lane<T>;
    lane.isBusy = false;
    if (lane.first !== undefined) this.ready.push(lane);
    else if (lane.key !== undefined) this.lanes.delete(lane.key);
  }

  /** Takes out what has waited longest: it stands at the head of its lane. */
  dropOldest(): T | undefined {
    const entry = this.oldest;
    if (entry === undefined) return undefined;
    const { lane } = entry;
    this.takeOut(entry);
    if (lane.first === undefined && !lane.isBusy && lane.key !== undefined) this.lanes.delete(lane.key);
    if (this.ready.length > 2 * this.itemCount + SPARE_LANES) this.forgetEmptyLanes();
    return entry.item;
  }

  /** While nothing can start, nobody takes the lanes whose items were dropped out of the turn. */
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
    // An old one that still points to newer ones would keep them alive until the next full collection.
    entry.older = undefined;
    entry.newer = undefined;
    entry.next = undefined;
    this.itemCount -= 1;
    this.byteCount -= entry.bytes;
  }
}

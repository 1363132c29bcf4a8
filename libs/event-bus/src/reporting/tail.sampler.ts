/** How many events of one target are shown in a second. */
export const MAX_PER_TARGET = 20;
/** How many events are shown in a second. */
export const MAX_IN_ALL = 100;
/** Further targets of one second are counted only. */
const MAX_TARGETS = 100;

/** The events of one target in the current period, which is about a second. */
interface Slot<Entry> {
  seen: number;
  /** How many were chosen. */
  count: number;
  /** Chosen are events whose hash has this many zero bits at its end. */
  level: number;
  /** Those that were not taken yet. */
  chosen: Entry[];
}

/** What was chosen since the last one was taken, and how many events were not. */
export interface Sample<Entry> {
  readonly entries: readonly Entry[];
  readonly leftOut: number;
}

/**
 * Chooses a few events of each target, so that a busy one does not drown a rare one. An event with an id is chosen by the hash of
 * the id: another process that sees the same events at the same rate chooses the same ones.
 */
export class TailSampler<Entry extends object> {
  private readonly slots = new Map<string, Slot<Entry>>();
  /** Events since the last sample. */
  private seen = 0;
  /** Entries in the samples of this period. */
  private shown = 0;

  /**
   * @param target what the event counts against
   * @param idOf called only while not all events are shown
   * @param entryOf called only for an event that is chosen
   */
  offer(target: string, idOf: () => string | undefined, entryOf: () => Entry): void {
    this.seen += 1;
    const slot = this.slots.get(target) ?? this.slotFor(target);
    if (slot === undefined) return;
    slot.seen += 1;
    if (slot.count >= MAX_PER_TARGET || !isChosen(slot, idOf)) return;
    slot.count += 1;
    slot.chosen.push(entryOf());
  }

  /**
   * Entries come in turns: the first of each target, the second of each, and so on.
   * @param isPeriodOver whether a second has passed: within it several samples share the limits
   */
  take(isPeriodOver: boolean): Sample<Entry> {
    const room = MAX_IN_ALL - this.shown;
    const entries = this.inTurns().slice(0, room);
    this.shown += entries.length;
    const leftOut = this.seen - entries.length;
    this.seen = 0;
    for (const slot of this.slots.values()) slot.chosen = [];
    if (isPeriodOver) this.begin();
    return { entries, leftOut };
  }

  /** Forgets everything. */
  clear(): void {
    this.slots.clear();
    this.seen = 0;
    this.shown = 0;
  }

  private inTurns(): Entry[] {
    const lists = [...this.slots.values()].map(({ chosen }) => chosen);
    const turns = Array.from({ length: MAX_PER_TARGET }, (_, turn) => lists.map((list) => list[turn]));
    return turns.flat().filter((entry) => entry !== undefined);
  }

  /** The rate of the last period decides how many are chosen in the next. */
  private begin(): void {
    this.shown = 0;
    for (const [target, slot] of this.slots) {
      if (slot.seen === 0) this.slots.delete(target);
      slot.level = Math.max(0, Math.ceil(Math.log2(slot.seen / MAX_PER_TARGET)));
      slot.seen = 0;
      slot.count = 0;
    }
  }

  private slotFor(target: string): Slot<Entry> | undefined {
    if (this.slots.size >= MAX_TARGETS) return undefined;
    const slot: Slot<Entry> = { seen: 0, count: 0, level: 0, chosen: [] };
    this.slots.set(target, slot);
    return slot;
  }
}

function isChosen({ level, seen }: Slot<unknown>, idOf: () => string | undefined): boolean {
  if (level === 0) return true;
  const id = idOf();
  const value = id === undefined ? seen : hashOf(id);
  return value % 2 ** level === 0;
}

/** FNV-1a with 32 bits, and its bits mixed: the low ones decide. */
function hashOf(id: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let index = 0; index < id.length; index += 1)
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01_00_01_93);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

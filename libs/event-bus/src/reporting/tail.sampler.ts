/** How many events of one target are shown in a second. */
export const MAX_PER_TARGET = 20;
/** How many events are shown in a second. */
export const MAX_IN_ALL = 100;
/** Further targets of one second are counted only. */
const MAX_TARGETS = 100;

/** The events of one target in the current period, which is about a second. */
class Slot<Entry> {
  seen = 0;
  /** How many were chosen. */
  count = 0;
  /** Chosen are events whose hash has this many zero bits at its end. */
  level = 0;
  /** Those that were not taken yet. */
  chosen: Entry[] = [];

  constructor(private readonly forget: () => void) {}

  /** The rate of the last period decides how many are chosen in the next. */
  restart(): void {
    if (this.seen === 0) this.forget();
    this.level = Math.max(0, Math.ceil(Math.log2(this.seen / MAX_PER_TARGET)));
    this.seen = 0;
    this.count = 0;
  }
}

/** A target that has room for an event. */
export interface TailSlot<Entry> {
  /** 0 while every event is chosen, whatever its id. */
  readonly level: number;
  readonly chosen: readonly Entry[];
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
  /** By the group, then by the target. */
  private readonly groups = new Map<string, Map<string, Slot<Entry>>>();
  private slots: Slot<Entry>[] = [];
  /** Events since the last sample. */
  private seen = 0;
  /** Entries in the samples of this period. */
  private shown = 0;

  /**
   * Counts an event. Called for each: it makes nothing.
   * @param group publishers, or one handler
   * @returns what the event is offered to with {@link choose}. Undefined if it is not shown
   */
  offer(group: string, target: string): TailSlot<Entry> | undefined {
    this.seen += 1;
    const slot = this.groups.get(group)?.get(target) ?? this.slotFor(group, target);
    if (slot === undefined) return undefined;
    slot.seen += 1;
    return slot.count < MAX_PER_TARGET ? slot : undefined;
  }

  /** Whether this event of the slot is shown: then {@link add} its entry. */
  choose(slot: TailSlot<Entry>, id: string | undefined): boolean {
    const { level, seen } = slot as Slot<Entry>;
    return level === 0 || (id === undefined ? seen : hashOf(id)) % 2 ** level === 0;
  }

  add(slot: TailSlot<Entry>, entry: Entry): void {
    const own = slot as Slot<Entry>;
    own.count += 1;
    own.chosen.push(entry);
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
    for (const slot of this.slots) slot.chosen = [];
    if (isPeriodOver) this.restart();
    return { entries, leftOut };
  }

  /** Forgets everything. */
  clear(): void {
    this.groups.clear();
    this.slots = [];
    this.seen = 0;
    this.shown = 0;
  }

  private inTurns(): Entry[] {
    const lists = this.slots.map(({ chosen }) => chosen);
    const turns = Array.from({ length: MAX_PER_TARGET }, (_, turn) => lists.map((list) => list[turn]));
    return turns.flat().filter((entry) => entry !== undefined);
  }

  private restart(): void {
    this.shown = 0;
    const slots = [...this.slots];
    for (const slot of slots) slot.restart();
  }

  private slotFor(group: string, target: string): Slot<Entry> | undefined {
    if (this.slots.length >= MAX_TARGETS) return undefined;
    const targets = this.groups.get(group) ?? new Map<string, Slot<Entry>>();
    this.groups.set(group, targets);
    const slot = new Slot<Entry>(() => {
      this.slots = this.slots.filter((other) => other !== slot);
      targets.delete(target);
      if (targets.size === 0) this.groups.delete(group);
    });
    targets.set(target, slot);
    this.slots.push(slot);
    return slot;
  }
}

/** The end of an id differs most. */
const HASHED_LENGTH = 12;

/** FNV-1a with 32 bits, and its bits mixed: the low ones decide. */
function hashOf(id: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let index = Math.max(0, id.length - HASHED_LENGTH); index < id.length; index += 1)
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01_00_01_93);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** A member that an {@link EvictionClock} may evict. */
export interface ClockMember {
  /** Set it to true whenever the member is used: the clock then spares it once. False for a new member. */
  wasUsed: boolean;
  /** The member's place in the clock. Only the clock changes it. */
  slot: number;
}

/**
 * Chooses the member to evict when there are too many: one that was not used for a whole turn of the hand. This approximates
 * the least recently used one, and using a member costs nothing.
 */
export class EvictionClock<M extends ClockMember> {
  private readonly members: M[] = [];
  private hand = 0;

  constructor(private readonly limit: number) {}

  get size(): number {
    return this.members.length;
  }

  /** Returns the member that was evicted for it, if any. */
  add(member: M): M | undefined {
    if (this.members.length < this.limit) {
      member.slot = this.members.push(member) - 1;
      return undefined;
    }
    const evicted = this.nextUnused();
    member.slot = evicted.slot;
    this.members[member.slot] = member;
    this.hand = (this.hand + 1) % this.limit;
    return evicted;
  }

  /** Only for a member that was added and not evicted. */
  remove(member: M): void {
    const last = this.members.pop() as M;
    if (last !== member) {
      last.slot = member.slot;
      this.members[last.slot] = last;
    }
    if (this.hand >= this.members.length) this.hand = 0;
  }

  private nextUnused(): M {
    for (;;) {
      const member = this.members[this.hand] as M;
      if (!member.wasUsed) return member;
      member.wasUsed = false;
      this.hand = (this.hand + 1) % this.limit;
    }
  }
}

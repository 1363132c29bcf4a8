import { randomUUID } from 'node:crypto';
import { keySlot, nameInSlot } from '../../routing/key-slot.js';

/** Names of shard channels that nobody subscribes to, one in each slot that one is asked for in. */
export class UnusedNames {
  private readonly names = new Map<number, string>();

  /** In the slot of this one. */
  beside(channel: string): string {
    const slot = keySlot(channel);
    let name = this.names.get(slot);
    if (name === undefined) {
      name = nameInSlot(slot, `heartbeat:${randomUUID()}`);
      this.names.set(slot, name);
    }
    return name;
  }
}

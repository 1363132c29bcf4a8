import type { EventBusInspector } from '../index.js';

/** What has a bus that no module has: an `EventBusServer` or an `EventBusClient`. */
export interface BusOwner {
  /** That of its bus. A client has another one after it could not connect. */
  readonly inspector: EventBusInspector;
}

/** Never throws. */
export function isBusOwner(value: unknown): value is BusOwner {
  try {
    return typeof (value as Partial<BusOwner> | undefined)?.inspector?.snapshot === 'function';
  } catch {
    // The getter of somebody else.
    return false;
  }
}

import type { Subscription } from 'rxjs';
import type { EventBusState, EventBusStatus } from '../introspection/event-bus.status.js';
import { InvalidOptionError } from '../errors.js';
import { isThenable, toPromise } from '../foreign.js';

/**
 * Nest's statuses: `connected` once every subscription is confirmed, `reconnecting` while the link or a subscription is
 * missing, `disconnected` after close.
 */
export type MicroserviceStatus = 'connected' | 'reconnecting' | 'disconnected';

/** The callbacks of `on(event, callback)` of a server or a client. */
export type MicroserviceStatusEvents = Record<MicroserviceStatus, () => void>;

const WORDS: Readonly<Record<EventBusState, MicroserviceStatus | undefined>> = {
  connecting: undefined,
  ready: 'connected',
  degraded: 'reconnecting',
  closed: 'disconnected',
};

/** Translates the status of a bus to Nest's statuses. */
export class StatusReporter {
  private readonly listeners = new Map<string, (() => void)[]>(
    ['connected', 'reconnecting', 'disconnected'].map((word) => [word, []]),
  );

  constructor(
    private readonly changed: (status: MicroserviceStatus) => void,
    /** Must not throw. */
    private readonly failed: (error: unknown) => void,
  ) {}

  /** @throws InvalidOptionError for an unknown event. */
  on(event: string, callback: () => void): void {
    const listeners = this.listeners.get(event);
    if (listeners === undefined) {
      const known = [...this.listeners.keys()].map((word) => `'${word}'`).join(', ');
      throw new InvalidOptionError(
        `on(${JSON.stringify(event)})`,
        `is not an event. Known events: ${known}.`,
      );
    }
    listeners.push(callback);
  }

  /** Lasts until the bus is closed, or the subscription is ended. */
  follow(status: EventBusStatus): Subscription {
    return status.changes.subscribe((state) => {
      const word = WORDS[state];
      if (word !== undefined) this.report(word);
    });
  }

  private report(word: MicroserviceStatus): void {
    this.call(() => this.changed(word));
    for (const callback of this.listeners.get(word) ?? []) this.call(callback);
  }

  private call(callback: () => unknown): void {
    try {
      const result = callback();
      if (isThenable(result)) toPromise(result).catch(this.failed);
    } catch (error) {
      this.failed(error);
    }
  }
}

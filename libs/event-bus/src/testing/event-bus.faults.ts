import { setTimeout as delay } from 'node:timers/promises';
import type { EventBusObserver } from '../observing/event-bus.observer.js';
import { FaultSwitch } from './fault.switch.js';

/** Options of {@link EventBusFaults.disconnect}. */
export interface DisconnectOptions {
  /** How long, in milliseconds. By default until {@link EventBusFaults.endAll}. */
  readonly forMs?: number | undefined;
}

/** Options of {@link EventBusFaults.slow}. */
export interface SlowOptions {
  /** How much longer each call takes, in milliseconds. By default calls wait until the fault ends. */
  readonly byMs?: number | undefined;
}

/** A fault that lasts until it is ended. */
export interface Fault {
  /** Resolves when everything works again and the gap was reported. Events that were lost meanwhile stay lost. Idempotent. */
  end(): Promise<void>;
}

/**
 * Faults for tests of a service's own recovery, for every bus of the application. Provided by {@link EventBusTestingModule};
 * works the same on the in-process transport and on a real Redis.
 */
export class EventBusFaults {
  /** @internal */
  readonly connection = new FaultSwitch();
  /** @internal */
  readonly observer: EventBusObserver = {
    aroundHandle: ({ name }) => {
      this.handlers.add(name);
      return (_event, next) => {
        const delayed = this.delays.get(name);
        return delayed === undefined ? next() : after(delayed(), next);
      };
    },
  };
  private readonly prefixes = new Set<string>();
  private readonly handlers = new Set<string>();
  private readonly delays = new Map<string, () => Promise<void>>();
  private readonly ongoing = new Set<Fault>();

  /**
   * Disconnects the application: it misses the events that others publish meanwhile, its own publishes reject with a
   * NotConnectedError, and EventBusStatus is `degraded`. Resolves when the connection is restored, every subscription is
   * confirmed and the gap was reported; immediately without `forMs`.
   */
  async disconnect({ forMs }: DisconnectOptions = {}): Promise<void> {
    this.connection.cut();
    const fault = this.begin(() => this.connection.mend());
    if (forMs === undefined) return;
    await delay(forMs);
    await fault.end();
  }

  /**
   * Makes a handler slow: `faults.slow('OrderNotifier.notify')`.
   * @throws Error when there is no handler with this name; it lists the known ones.
   */
  slow(handler: string, { byMs }: SlowOptions = {}): Fault {
    if (!this.handlers.has(handler)) {
      throw new Error(`There is no handler ${handler}. Known: ${[...this.handlers].join(', ')}.`);
    }
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    this.delays.set(handler, () => (byMs === undefined ? released : Promise.race([delay(byMs), released])));
    return this.begin(async () => {
      this.delays.delete(handler);
      release();
    });
  }

  /**
   * Revokes the permission for a channel or a glob, as an ACL would: the subscription to exactly this name is denied, and
   * publishing to it rejects with a PublishRefusedError.
   */
  deny(channel: string): Fault {
    const names = [...this.prefixes].map((prefix) => prefix + channel);
    this.connection.deny(names);
    return this.begin(() => this.connection.allow(names));
  }

  /** Ends all active faults, for `afterEach`. */
  async endAll(): Promise<void> {
    await Promise.all([...this.ongoing].map((fault) => fault.end()));
  }

  /** @internal */
  attached(prefix: string): void {
    this.prefixes.add(prefix);
  }

  private begin(mend: () => Promise<void>): Fault {
    let ended: Promise<void> | undefined;
    const fault: Fault = {
      end: () => {
        this.ongoing.delete(fault);
        return (ended ??= mend());
      },
    };
    this.ongoing.add(fault);
    return fault;
  }
}

async function after(delayed: Promise<void>, next: () => void | Promise<void>): Promise<void> {
  await delayed;
  await next();
}
